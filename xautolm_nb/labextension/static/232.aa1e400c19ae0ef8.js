"use strict";(self.rspackChunkxautolm_nb=self.rspackChunkxautolm_nb||[]).push([[232],{20(o,t,e){var r=e(21),a=e.n(r),p=e(22),i=e.n(p),n=e(23),l=e(24),u=e(25),s=i()(a());s.i(n.A),s.i(l.A),s.i(u.A),s.push([o.id,`/*
 * The panel. Every rule stays below .jp-XAutoLM and takes its colours from the theme, so light, dark and other themes
 * look as they should. Two lengths carry the layout: a gap of 8 px and a margin of 12 px.
 */

.jp-XAutoLM {
  --xa-gap: 8px;
  --xa-margin: 12px;
  /* JupyterLab's small size is in em, which shrinks once more wherever small text holds small text. */
  --xa-small: calc(var(--jp-ui-font-size1) * 0.846);

  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
  line-height: 1.4;
  overflow: hidden;
  outline: none;
}

.jp-XAutoLM-panel {
  container-type: inline-size;
  display: flex;
  flex-direction: column;
  height: 100%;
  min-height: 0;
}

.jp-XAutoLM p,
.jp-XAutoLM dl,
.jp-XAutoLM dd,
.jp-XAutoLM ul,
.jp-XAutoLM ol,
.jp-XAutoLM figure {
  margin: 0;
  padding: 0;
}

.jp-XAutoLM ul,
.jp-XAutoLM ol {
  list-style: none;
}

.jp-XAutoLM h2,
.jp-XAutoLM h3 {
  margin: 0;
  font-size: var(--jp-ui-font-size1);
  font-weight: 600;
  line-height: 1.4;
}

.jp-XAutoLM :is(button, input, select, summary, a, [tabindex='0']):focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: 1px;
}

.jp-XAutoLM-muted,
.jp-XAutoLM-hint {
  overflow-wrap: anywhere;
  color: var(--jp-ui-font-color2);
  font-size: var(--xa-small);
}

.jp-XAutoLM-cut {
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
  min-width: 0;
}

.jp-XAutoLM-failure {
  color: var(--jp-error-color1);
}

.jp-XAutoLM-unseen {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}

/* ---- the study's line ---------------------------------------------------------------------------------------------- */

.jp-XAutoLM-bar {
  flex: none;
  padding: 6px var(--xa-margin) 0;
}

.jp-XAutoLM-barLine {
  display: flex;
  align-items: center;
  gap: 6px;
  min-height: 26px;
  margin-bottom: 4px;
}

.jp-XAutoLM-barLine strong {
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
  font-weight: 600;
  min-width: 3em;
}

.jp-XAutoLM-barLine > .jp-XAutoLM-muted {
  white-space: nowrap;
}

.jp-XAutoLM-barScore {
  margin-left: auto;
  min-width: 3.8em;
  text-align: right;
  font-variant-numeric: tabular-nums;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.jp-XAutoLM-barLine > :is(.jp-XAutoLM-state, .jp-XAutoLM-muted, .jp-XAutoLM-steering) {
  flex: none;
}

.jp-XAutoLM-steering {
  display: flex;
  gap: 2px;
  margin-right: -4px;
}

/* ---- tabs ---------------------------------------------------------------------------------------------------------- */

.jp-XAutoLM-tabs {
  flex: none;
  display: flex;
  gap: 2px;
  padding: 4px var(--xa-gap) 0;
  border-bottom: 1px solid var(--jp-border-color2);
  overflow: clip;
}

.jp-XAutoLM-tabs button {
  appearance: none;
  border: none;
  border-bottom: 2px solid transparent;
  background: none;
  padding: 4px 7px 5px;
  font: inherit;
  color: var(--jp-ui-font-color2);
  cursor: pointer;
  white-space: nowrap;
}

.jp-XAutoLM-tabs button:hover {
  color: var(--jp-ui-font-color1);
}

.jp-XAutoLM-tabs button[aria-selected='true'] {
  color: var(--jp-ui-font-color1);
  border-bottom-color: var(--jp-brand-color1);
}

.jp-XAutoLM-count {
  margin-left: 4px;
  font-size: var(--xa-small);
  color: var(--jp-ui-font-color2);
  font-variant-numeric: tabular-nums;
}

.jp-XAutoLM-page {
  flex: 1;
  min-height: 0;
  overflow: hidden auto;
  scrollbar-gutter: stable;
  padding: 10px 4px 16px var(--xa-margin);
  display: flex;
  flex-direction: column;
  gap: var(--xa-margin);
}

/* ---- empty states and notes ---------------------------------------------------------------------------------------- */

.jp-XAutoLM-empty {
  padding: var(--xa-margin) 0;
  color: var(--jp-ui-font-color2);
  max-width: 46em;
}

.jp-XAutoLM-empty h2 {
  color: var(--jp-ui-font-color1);
  margin-bottom: 2px;
}

.jp-XAutoLM-section .jp-XAutoLM-empty {
  padding: 0;
}

.jp-XAutoLM-empty[aria-busy='true'] h2::before {
  content: '';
  display: inline-block;
  width: 7px;
  height: 7px;
  margin-right: 6px;
  border-radius: 50%;
  background: var(--jp-brand-color1);
  animation: jp-XAutoLM-breathe 1.6s ease-in-out infinite;
}

@keyframes jp-XAutoLM-breathe {
  50% {
    opacity: 0.25;
  }
}

@media (prefers-reduced-motion: reduce) {
  .jp-XAutoLM * {
    animation: none;
    transition: none;
  }
}

.jp-XAutoLM-note {
  padding: 6px var(--xa-gap);
  border-left: 3px solid var(--jp-info-color1);
  background: var(--jp-layout-color2);
  overflow-wrap: anywhere;
}

.jp-XAutoLM-panel > .jp-XAutoLM-note {
  flex: none;
  margin: 6px var(--xa-margin) 0;
}

.jp-XAutoLM-note.jp-mod-error {
  border-left-color: var(--jp-error-color1);
}

.jp-XAutoLM-note.jp-mod-warning {
  border-left-color: var(--jp-warn-color1);
}

.jp-XAutoLM-note pre {
  margin: 4px 0 0;
  max-height: 16em;
  overflow: auto;
  font-family: var(--jp-code-font-family);
  font-size: var(--xa-small);
  white-space: pre-wrap;
}

.jp-XAutoLM-actions {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: var(--xa-gap);
  margin-top: var(--xa-gap);
}

.jp-XAutoLM-note .jp-XAutoLM-actions {
  margin-top: 2px;
}

/* ---- sections ------------------------------------------------------------------------------------------------------ */

.jp-XAutoLM-section {
  display: flex;
  flex-direction: column;
  gap: 6px;
  min-width: 0;
}

.jp-XAutoLM-section > header {
  display: flex;
  align-items: center;
  justify-content: space-between;
  gap: var(--xa-gap);
  min-height: 24px;
}

.jp-XAutoLM-section > header > .jp-XAutoLM-muted {
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
  min-width: 0;
}

.jp-XAutoLM-section > header > h2 {
  white-space: nowrap;
}

.jp-XAutoLM-form {
  display: flex;
  flex-direction: column;
  gap: 14px;
  max-width: 60em;
}

.jp-XAutoLM-stale {
  display: flex;
  flex-direction: column;
  gap: 14px;
}

.jp-XAutoLM-stale[aria-busy='true'] {
  opacity: 0.6;
}

.jp-XAutoLM-start {
  position: sticky;
  bottom: -16px;
  z-index: 1;
  padding: var(--xa-gap) 0 16px;
  margin-bottom: -16px;
  background: var(--jp-layout-color1);
  border-top: 1px solid var(--jp-border-color2);
}

.jp-XAutoLM-start .jp-XAutoLM-actions {
  margin-top: 4px;
}

/* ---- the run ------------------------------------------------------------------------------------------------------- */

.jp-XAutoLM-figures {
  display: grid;
  grid-template-columns: 1fr 1fr;
  gap: var(--xa-gap) var(--xa-margin);
}

.jp-XAutoLM-figures > div {
  min-width: 0;
  overflow-wrap: anywhere;
}

.jp-XAutoLM-figures dt {
  color: var(--jp-ui-font-color2);
  font-size: var(--xa-small);
}

.jp-XAutoLM-figures dd:not(.jp-XAutoLM-muted) {
  font-size: 1.25em;
  line-height: 1.25;
  font-variant-numeric: tabular-nums;
  white-space: nowrap;
}

.jp-XAutoLM-figures .jp-mod-main dd:not(.jp-XAutoLM-muted) {
  font-weight: 600;
}

.jp-XAutoLM-message {
  color: var(--jp-ui-font-color2);
  overflow-wrap: anywhere;
}

.jp-XAutoLM-facts {
  display: flex;
  flex-wrap: wrap;
  gap: 0 10px;
  color: var(--jp-ui-font-color2);
  font-size: var(--xa-small);
  font-variant-numeric: tabular-nums;
}

.jp-XAutoLM-machine {
  display: grid;
  grid-template-columns: max-content minmax(40px, 1fr) max-content;
  align-items: center;
  gap: 4px var(--xa-gap);
  font-variant-numeric: tabular-nums;
}

.jp-XAutoLM-machine dt {
  color: var(--jp-ui-font-color2);
}

.jp-XAutoLM-wideCell {
  grid-column: 2 / 4;
}

@container (max-width: 280px) {
  .jp-XAutoLM-barScore > span {
    display: none;
  }

  .jp-XAutoLM-tabs {
    gap: 0;
    padding-inline: 4px;
  }

  .jp-XAutoLM-tabs button {
    padding-inline: 4px;
    font-size: 12px;
  }
}

@container (min-width: 520px) {
  .jp-XAutoLM-figures {
    grid-template-columns: repeat(4, 1fr);
  }
}
`,""]),e.d(t,{},{A:s})},24(o,t,e){var r=e(21),a=e.n(r),p=e(22),i=(e.n(p))()(a());i.push([o.id,`/* Charts: shapes tell the series apart as well as colours do. */

.jp-XAutoLM-charts {
  display: grid;
  grid-template-columns: minmax(0, 1fr);
  gap: var(--xa-margin);
}

.jp-XAutoLM-chart {
  min-width: 0;
}

.jp-XAutoLM-chartHead {
  display: flex;
  align-items: baseline;
  justify-content: space-between;
  gap: var(--xa-gap);
}

.jp-XAutoLM-plot svg {
  display: block;
}

.jp-XAutoLM-plot svg.jp-mod-choosable {
  cursor: pointer;
}

.jp-XAutoLM-axes text {
  fill: var(--jp-ui-font-color2);
  font-size: 10px;
  font-variant-numeric: tabular-nums;
}

.jp-XAutoLM-axes line {
  stroke: var(--jp-border-color2);
  shape-rendering: crispedges;
}

.jp-XAutoLM :is(path, g).jp-XAutoLM-line,
.jp-XAutoLM g.jp-XAutoLM-line path {
  fill: none;
  stroke: var(--jp-brand-color1);
  stroke-width: 2;
  stroke-linejoin: round;
}

.jp-XAutoLM path.jp-XAutoLM-dash,
.jp-XAutoLM g.jp-XAutoLM-dash path {
  fill: none;
  stroke: var(--jp-warn-color1);
  stroke-width: 1.5;
  stroke-dasharray: 4 3;
}

.jp-XAutoLM g.jp-XAutoLM-faintLine path {
  fill: none;
  stroke: var(--jp-ui-font-color3);
  stroke-width: 1;
  opacity: 0.55;
}

.jp-XAutoLM circle.jp-XAutoLM-dot {
  fill: var(--jp-brand-color1);
  stroke: var(--jp-layout-color1);
  stroke-width: 1;
}

.jp-XAutoLM circle.jp-XAutoLM-faint {
  fill: var(--jp-ui-font-color3);
}

.jp-XAutoLM circle.jp-mod-ring {
  fill: var(--jp-layout-color1);
  stroke-width: 1.5;
}

.jp-XAutoLM circle.jp-XAutoLM-dot.jp-mod-ring {
  stroke: var(--jp-brand-color1);
}

.jp-XAutoLM circle.jp-XAutoLM-faint.jp-mod-ring {
  stroke: var(--jp-ui-font-color3);
}

.jp-XAutoLM circle.jp-XAutoLM-cursor {
  fill: none;
  stroke: var(--jp-ui-font-color1);
  stroke-width: 1.5;
  pointer-events: none;
}

.jp-XAutoLM-reading {
  display: flex;
  flex-wrap: wrap;
  gap: 0 10px;
  min-height: 16px;
  font-size: var(--xa-small);
  color: var(--jp-ui-font-color2);
  font-variant-numeric: tabular-nums;
}

.jp-XAutoLM-key {
  display: inline-flex;
  align-items: center;
  gap: 4px;
}

.jp-XAutoLM-swatch {
  box-sizing: border-box;
  width: 14px;
  border-top: 2px solid var(--jp-brand-color1);
}

.jp-XAutoLM-swatch.jp-mod-dash {
  border-top: 2px dotted var(--jp-warn-color1);
}

.jp-XAutoLM-swatch:is(.jp-mod-dot, .jp-mod-ring, .jp-mod-faint) {
  width: 7px;
  height: 7px;
  border: 1.5px solid var(--jp-brand-color1);
  border-radius: 50%;
}

.jp-XAutoLM-swatch.jp-mod-dot {
  background: var(--jp-brand-color1);
}

.jp-XAutoLM-swatch.jp-mod-faint {
  border-color: var(--jp-ui-font-color3);
  background: var(--jp-ui-font-color3);
}

.jp-XAutoLM-numbers {
  max-height: 220px;
  overflow: auto;
}

.jp-XAutoLM-numbers table {
  width: 100%;
  border-collapse: collapse;
  font-size: var(--xa-small);
  font-variant-numeric: tabular-nums;
}

.jp-XAutoLM-numbers caption {
  padding: 2px 0;
  text-align: left;
  color: var(--jp-ui-font-color2);
}

.jp-XAutoLM-numbers :is(th, td) {
  padding: 1px 6px 1px 0;
  border-bottom: 1px solid var(--jp-border-color3);
  text-align: left;
  font-weight: normal;
}

.jp-XAutoLM-numbers th {
  color: var(--jp-ui-font-color2);
}

.jp-XAutoLM-preview {
  display: flex;
  flex-direction: column;
  gap: var(--xa-gap);
}

.jp-XAutoLM-preview figcaption {
  font-size: var(--xa-small);
  color: var(--jp-ui-font-color2);
  margin-bottom: 2px;
}

.jp-XAutoLM-histogram {
  position: relative;
}

.jp-XAutoLM-histogram svg {
  display: block;
}

.jp-XAutoLM-histogram rect {
  fill: var(--jp-ui-font-color3);
}

.jp-XAutoLM-ends {
  display: flex;
  justify-content: space-between;
  border-top: 1px solid var(--jp-border-color2);
  font-size: 10px;
  color: var(--jp-ui-font-color2);
}

.jp-XAutoLM-classes li {
  position: relative;
  display: grid;
  grid-template-columns: minmax(0, 1fr) max-content 3.4em;
  gap: 6px;
  padding: 1px 4px;
  margin-bottom: 1px;
  font-size: var(--xa-small);
  font-variant-numeric: tabular-nums;
}

.jp-XAutoLM-classes li > :not(.jp-XAutoLM-share) {
  position: relative;
}

.jp-XAutoLM-classes li > :last-child {
  text-align: right;
}

.jp-XAutoLM-share {
  position: absolute;
  inset: 0 auto 0 0;
  background: var(--jp-layout-color2);
}

.jp-XAutoLM-samples ol {
  margin-top: 4px;
  font-size: var(--xa-small);
}

.jp-XAutoLM-samples li {
  padding: 3px 0;
  border-bottom: 1px solid var(--jp-border-color3);
  overflow-wrap: anywhere;
}

@container (min-width: 600px) {
  .jp-XAutoLM-charts {
    grid-template-columns: repeat(auto-fit, minmax(270px, 1fr));
  }
}
`,""]),e.d(t,{},{A:i})},23(o,t,e){var r=e(21),a=e.n(r),p=e(22),i=(e.n(p))()(a());i.push([o.id,`/* Controls of the panel: flat, 26 px high, aligned. */

.jp-XAutoLM-button {
  appearance: none;
  display: inline-flex;
  align-items: center;
  gap: 4px;
  min-height: 26px;
  padding: 0 10px;
  border: 1px solid var(--jp-border-color1);
  border-radius: 2px;
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font: inherit;
  white-space: nowrap;
  cursor: pointer;
}

.jp-XAutoLM-button:hover:not(:disabled) {
  background: var(--jp-layout-color2);
}

.jp-XAutoLM-button.jp-mod-main {
  border-color: var(--jp-brand-color1);
  background: var(--jp-brand-color1);
  color: var(--jp-ui-inverse-font-color1);
}

.jp-XAutoLM-button.jp-mod-main:hover:not(:disabled) {
  background: var(--jp-brand-color0);
}

.jp-XAutoLM-button.jp-mod-quiet {
  min-height: 22px;
  padding: 0 7px;
  font-size: var(--xa-small);
}

.jp-XAutoLM-button:disabled {
  opacity: 0.5;
  cursor: default;
}

.jp-XAutoLM-iconButton {
  appearance: none;
  flex: none;
  display: inline-flex;
  align-items: center;
  justify-content: center;
  width: 26px;
  height: 26px;
  padding: 0;
  border: none;
  border-radius: 2px;
  background: none;
  color: var(--jp-ui-font-color1);
  cursor: pointer;
}

.jp-XAutoLM-iconButton:hover:not([aria-disabled='true']) {
  background: var(--jp-layout-color2);
}

.jp-XAutoLM-iconButton[aria-disabled='true'] {
  opacity: 0.35;
  cursor: default;
}

.jp-XAutoLM-icon {
  display: block;
  width: 16px;
  height: 16px;
  fill: none;
  stroke: currentcolor;
  stroke-width: 1.8;
  stroke-linecap: round;
  stroke-linejoin: round;
}

.jp-XAutoLM-icon.jp-mod-filled {
  fill: currentcolor;
}

.jp-XAutoLM-link {
  text-align: left;
  appearance: none;
  border: none;
  padding: 0;
  background: none;
  color: var(--jp-content-link-color);
  font: inherit;
  font-size: var(--xa-small);
  cursor: pointer;
}

.jp-XAutoLM-link:hover {
  text-decoration: underline;
}

.jp-XAutoLM-field {
  display: flex;
  flex-direction: column;
  gap: 2px;
  flex: 1;
  min-width: 0;
}

.jp-XAutoLM-fieldHead {
  display: flex;
  justify-content: space-between;
  align-items: baseline;
  gap: 4px;
  font-size: var(--xa-small);
  color: var(--jp-ui-font-color2);
  white-space: nowrap;
}

.jp-XAutoLM-fieldHead label {
  overflow: hidden;
  text-overflow: ellipsis;
}

.jp-XAutoLM-tag {
  padding: 0 4px;
  border-radius: 2px;
  background: var(--jp-layout-color2);
  font-size: 10px;
}

.jp-XAutoLM-text,
.jp-XAutoLM-select select {
  appearance: none;
  box-sizing: border-box;
  width: 100%;
  height: 26px;
  padding: 0 7px;
  border: 1px solid var(--jp-border-color1);
  border-radius: 2px;
  background: var(--jp-input-background, var(--jp-layout-color1));
  color: var(--jp-ui-font-color1);
  font: inherit;
  text-overflow: ellipsis;
}

.jp-XAutoLM-text::placeholder {
  color: var(--jp-ui-font-color3);
}

.jp-XAutoLM-text[aria-invalid='true'] {
  border-color: var(--jp-error-color1);
}

.jp-XAutoLM-select {
  position: relative;
  display: block;
}

.jp-XAutoLM-select select {
  padding-right: 20px;
}

.jp-XAutoLM-select option {
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
}

.jp-XAutoLM-select::after {
  content: '';
  position: absolute;
  right: 8px;
  top: 9px;
  width: 5px;
  height: 5px;
  border-right: 1.5px solid var(--jp-ui-font-color2);
  border-bottom: 1.5px solid var(--jp-ui-font-color2);
  transform: rotate(45deg);
  pointer-events: none;
}

.jp-XAutoLM-row {
  display: flex;
  align-items: flex-start;
  gap: var(--xa-gap);
}

/* Buttons beside a field stand on the line of its control, not of its label. */
.jp-XAutoLM-row > :is(.jp-XAutoLM-button, .jp-XAutoLM-iconButton, .jp-XAutoLM-chips) {
  margin-top: 18px;
}

.jp-XAutoLM-grid {
  display: grid;
  grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
  gap: var(--xa-gap);
}

.jp-XAutoLM-choice {
  display: inline-flex;
  border: 1px solid var(--jp-border-color1);
  border-radius: 2px;
}

.jp-XAutoLM-choice label {
  position: relative;
  padding: 2px 8px;
  color: var(--jp-ui-font-color2);
  cursor: pointer;
  white-space: nowrap;
}

.jp-XAutoLM-choice label + label {
  border-left: 1px solid var(--jp-border-color1);
}

.jp-XAutoLM-choice label.jp-mod-chosen {
  background: var(--jp-layout-color2);
  color: var(--jp-ui-font-color1);
}

/* The radio button itself is out of sight but takes the focus, which its label then shows. */
.jp-XAutoLM-choice input {
  position: absolute;
  inset: 0;
  margin: 0;
  opacity: 0;
  cursor: pointer;
}

.jp-XAutoLM-choice label:has(input:focus-visible) {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: 1px;
}

.jp-XAutoLM-check {
  display: flex;
  align-items: flex-start;
  gap: 6px;
  min-width: 0;
  cursor: pointer;
}

.jp-XAutoLM-check input {
  flex: none;
  margin: 3px 0 0;
  accent-color: var(--jp-brand-color1);
}

.jp-XAutoLM-line2 {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: var(--xa-gap) var(--xa-margin);
}

.jp-XAutoLM-chips {
  display: flex;
  flex-wrap: wrap;
  gap: 4px;
}

.jp-XAutoLM-chip {
  appearance: none;
  min-height: 22px;
  padding: 0 7px;
  border: 1px solid var(--jp-border-color2);
  border-radius: 2px;
  background: none;
  color: var(--jp-ui-font-color1);
  font: inherit;
  font-size: var(--xa-small);
  font-variant-numeric: tabular-nums;
  cursor: pointer;
}

.jp-XAutoLM-chip:hover {
  background: var(--jp-layout-color2);
}

.jp-XAutoLM-chip[aria-pressed='true'] {
  border-color: var(--jp-brand-color1);
  background: var(--jp-layout-color2);
}

.jp-XAutoLM-row > .jp-XAutoLM-chips {
  align-items: center;
  min-height: 26px;
}

.jp-XAutoLM-meter {
  height: 4px;
  border-radius: 2px;
  background: var(--jp-layout-color3);
  overflow: hidden;
}

.jp-XAutoLM-meter > div {
  height: 100%;
  background: var(--jp-brand-color1);
  transition: width 0.4s ease-out;
}

.jp-XAutoLM-meter.jp-mod-calm > div {
  background: var(--jp-ui-font-color3);
}

.jp-XAutoLM-meter.jp-mod-full > div {
  background: var(--jp-error-color1);
}

.jp-XAutoLM-more summary,
.jp-XAutoLM-samples summary {
  cursor: pointer;
  color: var(--jp-ui-font-color2);
}

.jp-XAutoLM-more[open] summary {
  margin-bottom: 6px;
}

.jp-XAutoLM-more > .jp-XAutoLM-check {
  margin-top: var(--xa-gap);
}

.jp-XAutoLM-methods {
  display: grid;
  grid-template-columns: 1fr 1fr;
  gap: 4px var(--xa-gap);
  margin: 0;
  padding: 0;
  border: none;
}

.jp-XAutoLM-methods legend {
  padding: 0 0 2px;
  font-size: var(--xa-small);
  color: var(--jp-ui-font-color2);
}

@container (min-width: 520px) {
  .jp-XAutoLM-grid,
  .jp-XAutoLM-methods {
    grid-template-columns: repeat(4, minmax(0, 1fr));
  }
}

.jp-XAutoLM-row > .jp-XAutoLM-field:has(+ .jp-XAutoLM-chips) {
  max-width: 14em;
}
`,""]),e.d(t,{},{A:i})},25(o,t,e){var r=e(21),a=e.n(r),p=e(22),i=(e.n(p))()(a());i.push([o.id,`/* Lists: trials, models, studies, tasks. */

.jp-XAutoLM-state {
  display: inline-flex;
  flex: none;
  color: var(--jp-ui-font-color2);
}

.jp-XAutoLM-state .jp-XAutoLM-icon {
  width: 14px;
  height: 14px;
}

.jp-XAutoLM-state.jp-mod-running {
  color: var(--jp-brand-color1);
}

.jp-XAutoLM-state.jp-mod-complete {
  color: var(--jp-success-color1);
}

.jp-XAutoLM-state.jp-mod-failed {
  color: var(--jp-error-color1);
}

/* ---- trials -------------------------------------------------------------------------------------------------------- */

.jp-XAutoLM-trials {
  flex: 1;
  min-height: 0;
  display: grid;
  grid-template-columns: minmax(0, 1fr);
  grid-template-rows: minmax(0, 1fr);
  gap: 16px;
}

.jp-XAutoLM-trials.jp-mod-wide:has(.jp-XAutoLM-detail) {
  grid-template-columns: minmax(0, 3fr) minmax(280px, 2fr);
}

.jp-XAutoLM-list {
  display: flex;
  flex-direction: column;
  gap: var(--xa-gap);
  min-height: 0;
}

.jp-XAutoLM-filters {
  display: flex;
  flex-direction: column;
  gap: 6px;
  flex: none;
}

.jp-XAutoLM-table {
  --xa-columns: 3.2em 1.4em minmax(5.2em, 1fr) 3.6em 4.4em;

  flex: 1;
  min-height: 0;
  display: flex;
  flex-direction: column;
  font-variant-numeric: tabular-nums;
}

.jp-XAutoLM-table.jp-mod-wide {
  --xa-columns: 3.2em 1.4em 5.4em 3.6em 4.4em minmax(0, 1fr);
}

.jp-XAutoLM-table.jp-mod-widest {
  --xa-columns: 3.2em 1.4em 5.4em 3.6em 4.4em 5em 5em minmax(0, 1fr);
}

.jp-XAutoLM-tableHead,
.jp-XAutoLM-tableRow {
  display: grid;
  grid-template-columns: var(--xa-columns);
  column-gap: 8px;
  align-items: center;
  box-sizing: border-box;
  padding: 0 4px;
}

.jp-XAutoLM-tableHead {
  flex: none;
  min-height: 24px;
  border-bottom: 1px solid var(--jp-border-color1);
  scrollbar-gutter: stable;
  overflow: hidden;
}

.jp-XAutoLM-tableHead button {
  appearance: none;
  border: none;
  padding: 0;
  background: none;
  color: var(--jp-ui-font-color2);
  font: inherit;
  font-size: var(--xa-small);
  cursor: pointer;
  white-space: nowrap;
  min-width: 12px;
  min-height: 20px;
}

.jp-XAutoLM-tableHead button:hover {
  color: var(--jp-ui-font-color1);
}

.jp-XAutoLM-scroll {
  flex: 1;
  min-height: 120px;
  overflow: hidden auto;
  scrollbar-gutter: stable;
  contain: strict;
}

.jp-XAutoLM-tableRow {
  position: absolute;
  left: 0;
  right: 0;
  border-bottom: 1px solid var(--jp-border-color3);
  cursor: pointer;
}

.jp-XAutoLM-tableRow:hover {
  background: var(--jp-layout-color2);
}

.jp-XAutoLM-tableRow[aria-selected='true'] {
  background: var(--jp-layout-color2);
  box-shadow: inset 3px 0 var(--jp-brand-color1);
}

.jp-XAutoLM-tableRow:focus-visible {
  outline-offset: -2px;
}

.jp-XAutoLM-tableRow.jp-mod-best .jp-mod-score {
  font-weight: 600;
}

.jp-XAutoLM-cell {
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.jp-XAutoLM-cell:is(.jp-mod-number, .jp-mod-score, .jp-mod-fidelity, .jp-mod-seconds, .jp-mod-memory, .jp-mod-energy) {
  text-align: right;
}

.jp-XAutoLM-cell.jp-mod-below {
  grid-column: 1 / -1;
  margin-top: -4px;
  font-size: var(--xa-small);
  color: var(--jp-ui-font-color2);
}

.jp-XAutoLM-detail {
  min-height: 0;
  overflow: hidden auto;
  display: flex;
  flex-direction: column;
  gap: var(--xa-margin);
}

.jp-XAutoLM-detail > header {
  display: flex;
  align-items: center;
  gap: 6px;
  margin-left: -6px;
}

.jp-XAutoLM-detail > header > .jp-XAutoLM-muted {
  display: inline-flex;
  align-items: center;
  gap: 4px;
  margin-right: auto;
}

.jp-XAutoLM-pairs {
  display: grid;
  grid-template-columns: fit-content(45%) minmax(0, 1fr);
  gap: 1px var(--xa-margin);
  font-variant-numeric: tabular-nums;
}

.jp-XAutoLM-pairs dt {
  overflow-wrap: anywhere;
  color: var(--jp-ui-font-color2);
}

.jp-XAutoLM-pairs dd,
.jp-XAutoLM-why {
  overflow-wrap: anywhere;
}

.jp-XAutoLM-why {
  white-space: pre-line;
}

/* ---- models -------------------------------------------------------------------------------------------------------- */

.jp-XAutoLM-poolHead {
  display: flex;
  align-items: baseline;
  gap: 10px;
}

.jp-XAutoLM-poolHead > :first-child {
  margin-right: auto;
}

.jp-XAutoLM-pool ul {
  max-height: 220px;
  overflow: hidden auto;
  margin: 4px 0 8px;
  border: 1px solid var(--jp-border-color2);
}

.jp-XAutoLM-pool li {
  padding: 3px 6px;
  border-bottom: 1px solid var(--jp-border-color3);
}

.jp-XAutoLM-pool li:last-child {
  border-bottom: none;
}

.jp-XAutoLM-pool li .jp-XAutoLM-check > span {
  display: grid;
  grid-template-columns: minmax(0, 1fr) max-content;
  gap: 0 8px;
  flex: 1;
  min-width: 0;
}

.jp-XAutoLM-pool li .jp-XAutoLM-check > span > :last-child {
  grid-column: 1 / -1;
  overflow-wrap: anywhere;
}

/* Models differ in the last letters of their names. */
.jp-XAutoLM-pool .jp-XAutoLM-cut {
  white-space: normal;
  overflow-wrap: anywhere;
}

.jp-XAutoLM-pool .jp-mod-unfit .jp-XAutoLM-cut {
  color: var(--jp-ui-font-color2);
}

.jp-XAutoLM-pool .jp-XAutoLM-failure {
  font-size: var(--xa-small);
}

/* ---- studies and tasks --------------------------------------------------------------------------------------------- */

.jp-XAutoLM-studies li {
  display: flex;
  align-items: center;
  gap: var(--xa-gap);
  padding: 5px 0;
  border-bottom: 1px solid var(--jp-border-color3);
}

.jp-XAutoLM-studyText {
  flex: 1;
  min-width: 0;
}

.jp-XAutoLM-studyHead {
  display: flex;
  justify-content: space-between;
  align-items: baseline;
  gap: var(--xa-gap);
}

.jp-XAutoLM-number {
  overflow: hidden;
  text-overflow: ellipsis;
  max-width: 60%;
  font-variant-numeric: tabular-nums;
  font-size: var(--xa-small);
  white-space: nowrap;
}

.jp-XAutoLM-tasks li {
  padding: 5px 0;
  border-bottom: 1px solid var(--jp-border-color3);
  overflow-wrap: anywhere;
}

.jp-XAutoLM-taskHead {
  display: grid;
  grid-template-columns: minmax(0, 1fr) 56px max-content;
  align-items: center;
  gap: var(--xa-gap);
}

.jp-XAutoLM-taskHead strong {
  font-weight: 600;
}

@container (max-width: 315px) {
  .jp-XAutoLM-table {
    --xa-columns: 1.8em 1.2em minmax(5.1em, 1fr) 3.2em 3.2em;

    font-size: 12px;
  }

  .jp-XAutoLM-tableHead,
  .jp-XAutoLM-tableRow {
    column-gap: 4px;
  }

  .jp-XAutoLM-tableHead,
  .jp-XAutoLM-tableRow {
    column-gap: 5px;
  }
}
`,""]),e.d(t,{},{A:i})},22(o){o.exports=function(o){var t=[];return t.toString=function(){return this.map(function(t){var e="",r=void 0!==t[5];return t[4]&&(e+="@supports (".concat(t[4],") {")),t[2]&&(e+="@media ".concat(t[2]," {")),r&&(e+="@layer".concat(t[5].length>0?" ".concat(t[5]):""," {")),e+=o(t),r&&(e+="}"),t[2]&&(e+="}"),t[4]&&(e+="}"),e}).join("")},t.i=function(o,e,r,a,p){"string"==typeof o&&(o=[[null,o,void 0]]);var i={};if(r)for(var n=0;n<this.length;n++){var l=this[n][0];null!=l&&(i[l]=!0)}for(var u=0;u<o.length;u++){var s=[].concat(o[u]);r&&i[s[0]]||(void 0!==p&&(void 0===s[5]||(s[1]="@layer".concat(s[5].length>0?" ".concat(s[5]):""," {").concat(s[1],"}")),s[5]=p),e&&(s[2]&&(s[1]="@media ".concat(s[2]," {").concat(s[1],"}")),s[2]=e),a&&(s[4]?(s[1]="@supports (".concat(s[4],") {").concat(s[1],"}"),s[4]=a):s[4]="".concat(a)),t.push(s))}},t}},21(o){o.exports=function(o){return o[1]}},14(o){var t=[];function e(o){for(var e=-1,r=0;r<t.length;r++)if(t[r].identifier===o){e=r;break}return e}function r(o,r){for(var a={},p=[],i=0;i<o.length;i++){var n=o[i],l=r.base?n[0]+r.base:n[0],u=a[l]||0,s="".concat(l," ").concat(u);a[l]=u+1;var d=e(s),c={css:n[1],media:n[2],sourceMap:n[3],supports:n[4],layer:n[5]};if(-1!==d)t[d].references++,t[d].updater(c);else{var m=function(o,t){var e=t.domAPI(t);return e.update(o),function(t){t?(t.css!==o.css||t.media!==o.media||t.sourceMap!==o.sourceMap||t.supports!==o.supports||t.layer!==o.layer)&&e.update(o=t):e.remove()}}(c,r);r.byIndex=i,t.splice(i,0,{identifier:s,updater:m,references:1})}p.push(s)}return p}o.exports=function(o,a){var p=r(o=o||[],a=a||{});return function(o){o=o||[];for(var i=0;i<p.length;i++){var n=e(p[i]);t[n].references--}for(var l=r(o,a),u=0;u<p.length;u++){var s=e(p[u]);0===t[s].references&&(t[s].updater(),t.splice(s,1))}p=l}}},16(o){var t={};o.exports=function(o,e){var r=function(o){if(void 0===t[o]){var e=document.querySelector(o);if(window.HTMLIFrameElement&&e instanceof window.HTMLIFrameElement)try{e=e.contentDocument.head}catch(o){e=null}t[o]=e}return t[o]}(o);if(!r)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");r.appendChild(e)}},18(o){o.exports=function(o){var t=document.createElement("style");return o.setAttributes(t,o.attributes),o.insert(t,o.options),t}},17(o,t,e){o.exports=function(o){var t=e.nc;t&&o.setAttribute("nonce",t)}},15(o){o.exports=function(o){if("u"<typeof document)return{update:function(){},remove:function(){}};var t=o.insertStyleElement(o);return{update:function(e){var r,a,p;r="",e.supports&&(r+="@supports (".concat(e.supports,") {")),e.media&&(r+="@media ".concat(e.media," {")),(a=void 0!==e.layer)&&(r+="@layer".concat(e.layer.length>0?" ".concat(e.layer):""," {")),r+=e.css,a&&(r+="}"),e.media&&(r+="}"),e.supports&&(r+="}"),(p=e.sourceMap)&&"u">typeof btoa&&(r+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(p))))," */")),o.styleTagTransform(r,t,o.options)},remove:function(){var o;null===(o=t).parentNode||o.parentNode.removeChild(o)}}}},19(o){o.exports=function(o,t){if(t.styleSheet)t.styleSheet.cssText=o;else{for(;t.firstChild;)t.removeChild(t.firstChild);t.appendChild(document.createTextNode(o))}}},13(o,t,e){var r=e(14),a=e.n(r),p=e(15),i=e.n(p),n=e(16),l=e.n(n),u=e(17),s=e.n(u),d=e(18),c=e.n(d),m=e(19),j=e.n(m),f=e(20),x={};x.styleTagTransform=j(),x.setAttributes=s(),x.insert=l().bind(null,"head"),x.domAPI=i(),x.insertStyleElement=c(),a()(f.A,x),f.A&&f.A.locals&&f.A.locals}}]);