/** Memory of host and GPU, and the energy used so far, honest about what is not known. */

import * as React from 'react';

import { UNKNOWN, formatEnergy, formatGib, formatPercent } from '../format';
import type { Device } from '../protocol';
import { Meter, Section } from './controls';
import { useWords } from './desk';

const NEARLY_FULL = 0.9;

export const DeviceView = React.memo(function DeviceView({ device }: { device: Device }): JSX.Element {
  const words = useWords();
  const { gpu_memory_gib, gpu_used_gib, gpu_utilisation, energy_kwh, energy_source } = device;
  const sources = {
    measured: words.__('measured'),
    estimated: words.__('estimated'),
    unknown: words.__('not measured here')
  };
  const source = sources[energy_source];
  return (
    <Section title={words.__('Machine')} aside={<span className="jp-XAutoLM-muted">{device.name}</span>}>
      <dl className="jp-XAutoLM-machine">
        <Memory name={words.__('Host memory')} used={device.host_used_gib} all={device.host_memory_gib} />
        {gpu_memory_gib !== null && gpu_used_gib !== null && (
          <Memory name={words.__('GPU memory')} used={gpu_used_gib} all={gpu_memory_gib} />
        )}
        {gpu_utilisation !== null && (
          <>
            <dt>{words.__('GPU use')}</dt>
            <dd>
              <Meter label={words.__('GPU use')} share={gpu_utilisation} text={formatPercent(gpu_utilisation)} />
            </dd>
            <dd>{formatPercent(gpu_utilisation)}</dd>
          </>
        )}
        <dt>{words.__('Energy')}</dt>
        <dd className="jp-XAutoLM-wideCell">
          {energy_kwh === null ? `${UNKNOWN} ${source}` : `${formatEnergy(energy_kwh)}, ${source}`}
        </dd>
      </dl>
    </Section>
  );
});

function Memory({ name, used, all }: { name: string; used: number; all: number }): JSX.Element {
  const share = used / Math.max(all, 1e-9);
  const text = `${formatGib(used).replace(' GiB', '')} / ${formatGib(all)}`;
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <Meter label={name} share={share} text={text} look={share > NEARLY_FULL ? 'full' : 'calm'} />
      </dd>
      <dd>{text}</dd>
    </>
  );
}
