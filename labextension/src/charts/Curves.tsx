/** Learning curves: score against the share of the full run. */

import * as React from 'react';

import { formatPercent, formatScore } from '../format';
import type { Charts, Curve } from '../protocol';
import { useWords } from '../view/desk';
import { linePath } from './path';
import type { IKey, ILayout } from './Plot';
import { Plot } from './Plot';
import { clamp, focused, ticks } from './scale';

interface IProps {
  readonly charts: Charts;
  readonly onChoose: (number: number) => void;
  /** Of one trial alone, which then needs no key. */
  readonly alone?: boolean;
}

export const Curves = React.memo(function Curves({ charts, onChoose, alone }: IProps): JSX.Element | null {
  const words = useWords();
  const { curves, metric, maximize } = charts;
  const best = curves.find(curve => curve.best);
  if (curves.length === 0) {
    return null;
  }
  const y = focused(
    curves.flatMap(curve => curve.scores),
    maximize
  );
  const path = (layout: ILayout, curve: Curve): string =>
    linePath(
      curve.scores.map((score, index) => ({ x: layout.x(curve.fidelity[index] ?? 0), y: layout.y(clamp(score, y)) }))
    );
  const keys: IKey[] = [
    { mark: 'line', text: words.__('best trial') },
    ...(curves.some(isRunning) ? [{ mark: 'dash' as const, text: words.__('running') }] : []),
    { mark: 'faint', text: words.__('others') }
  ];
  const points = curves.flatMap(curve =>
    curve.scores.map((score, index) => ({ curve, score, fidelity: curve.fidelity[index] ?? 0 }))
  );
  return (
    <Plot
      title={words.__('Learning curves')}
      summary={words._n(
        '%2 of a trial against the share of its full run',
        '%2 of %1 trials against the share of their full run',
        curves.length,
        metric
      )}
      x={{ domain: [0, 1], ticks, format: formatPercent }}
      y={{ domain: y, ticks, format: String }}
      readings={points.map(({ curve, score, fidelity }) => ({
        number: curve.number,
        x: fidelity,
        y: score,
        text: words.__('trial %1 · %2 after %3 of its run', curve.number, formatScore(score), formatPercent(fidelity))
      }))}
      keys={alone === true ? [] : keys}
      table={() => ({
        head: [words.__('Trial'), words.__('State'), words.__('Run'), metric],
        rows: points.map(({ curve, score, fidelity }) => [
          `${curve.number}${curve.best ? ' ★' : ''}`,
          curve.state,
          formatPercent(fidelity),
          formatScore(score)
        ])
      })}
      onChoose={onChoose}
    >
      {layout => (
        <>
          {curves
            .filter(curve => !curve.best)
            .map(curve => (
              <g key={curve.number} className={isRunning(curve) ? 'jp-XAutoLM-dash' : 'jp-XAutoLM-faintLine'}>
                <path d={path(layout, curve)} />
                {curve.scores.length === 1 && <Start curve={curve} layout={layout} y={y} />}
              </g>
            ))}
          {best !== undefined && (
            <g className="jp-XAutoLM-line">
              <path d={path(layout, best)} />
              {best.scores.map((score, index) => (
                <circle
                  key={index}
                  className="jp-XAutoLM-dot"
                  cx={layout.x(best.fidelity[index] ?? 0)}
                  cy={layout.y(clamp(score, y))}
                  r={2.5}
                />
              ))}
            </g>
          )}
        </>
      )}
    </Plot>
  );
});

function isRunning(curve: Curve): boolean {
  return curve.state === 'running' && !curve.best;
}

/** A curve of one point has no line. */
function Start({ curve, layout, y }: { curve: Curve; layout: ILayout; y: readonly [number, number] }): JSX.Element {
  return (
    <circle
      className="jp-XAutoLM-faint"
      cx={layout.x(curve.fidelity[0] ?? 0)}
      cy={layout.y(clamp(curve.scores[0] ?? 0, y))}
      r={2}
    />
  );
}
