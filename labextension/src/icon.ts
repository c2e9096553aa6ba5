import { LabIcon } from '@jupyterlab/ui-components';

/** A learning curve over its axes. Themes recolour fills by class, so the stroked curve has a colour and no class. */
const svgstr = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3" fill="#616161" d="M3 3h2v16h16v2H3z"/>
  <path fill="none" stroke="#f57c00" stroke-width="2" stroke-linecap="round" d="M7.5 16C9 9 12.5 6 19 5.5"/>
  <circle fill="#f57c00" cx="19.5" cy="5.5" r="2"/>
</svg>`;

export const searchIcon = new LabIcon({ name: 'xautolm:icon', svgstr });

/** The same picture as an address: launcher cards beside kernels take no icons. */
export const searchIconUrl = `data:image/svg+xml;base64,${btoa(svgstr)}`;
