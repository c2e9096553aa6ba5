/** How long the texts are: bars over words. */

import * as React from 'react';

import { formatCount } from '../format';
import type { Preview } from '../protocol';
import { useWidth, useWords } from '../view/desk';
import { linearScale } from './scale';

const HEIGHT = 48;
const GAP = 1;

interface IBar {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Bars side by side in a picture of this size; any rows at all are at least one pixel high. */
export function barsOf(counts: readonly number[], width: number, height: number): readonly IBar[] {
  const most = Math.max(...counts, 1);
  const step = width / Math.max(1, counts.length);
  const scale = linearScale([0, most], [0, height]);
  return counts.map((count, index) => {
    const tall = count > 0 ? Math.max(1, scale(count)) : 0;
    return { x: index * step, y: height - tall, width: Math.max(1, step - GAP), height: tall };
  });
}

export const Histogram = React.memo(function Histogram({
  lengths
}: {
  lengths: Preview['lengths'];
}): JSX.Element | null {
  const words = useWords();
  const [holder, width] = useWidth<HTMLDivElement>(260);
  const { counts, edges, unit } = lengths;
  const first = edges[0];
  const last = edges[edges.length - 1];
  if (counts.length === 0 || first === undefined || last === undefined) {
    return null;
  }
  const between = (index: number): string =>
    words.__('%1 to %2 %3', Math.round(edges[index] ?? 0), Math.round(edges[index + 1] ?? 0), unit);
  return (
    <figure className="jp-XAutoLM-histogram">
      <figcaption>{words.__('Length of the texts in %1', unit)}</figcaption>
      <div ref={holder}>
        <svg
          role="img"
          aria-label={words.__('Most texts have %1', between(largest(counts)))}
          width={width}
          height={HEIGHT}
        >
          {barsOf(counts, width, HEIGHT).map((bar, index) => (
            <rect key={index} x={bar.x} y={bar.y} width={bar.width} height={bar.height}>
              <title>{words.__('%1: %2 texts', between(index), formatCount(counts[index] ?? 0))}</title>
            </rect>
          ))}
        </svg>
      </div>
      <div className="jp-XAutoLM-ends" aria-hidden="true">
        <span>{Math.round(first)}</span>
        <span>{Math.round(last)}</span>
      </div>
      <table className="jp-XAutoLM-unseen">
        <caption>{words.__('Length of the texts in %1', unit)}</caption>
        <tbody>
          {counts.map((count, index) => (
            <tr key={index}>
              <th scope="row">{between(index)}</th>
              <td>{count}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
});

function largest(counts: readonly number[]): number {
  return counts.indexOf(Math.max(...counts));
}
