/** Best score against time, with all trials as dots. */

import * as React from 'react';

import { formatScore, formatSeconds, shortSeconds } from '../format';
import type { Charts, TrialRow } from '../protocol';
import { useWords } from '../view/desk';
import { improvements, trialMarks } from './data';
import { stepPath } from './path';
import type { IKey } from './Plot';
import { Plot } from './Plot';
import { clamp, focused, ticks, timeTicks } from './scale';

interface IProps {
  readonly charts: Charts;
  readonly trials: readonly TrialRow[];
  readonly onChoose: (number: number) => void;
}

export const Anytime = React.memo(function Anytime({ charts, trials, onChoose }: IProps): JSX.Element | null {
  const words = useWords();
  const { anytime, metric, maximize } = charts;
  const marks = React.useMemo(() => trialMarks(anytime, trials), [anytime, trials]);
  const steps = improvements(anytime);
  const best = steps[steps.length - 1];
  if (best === undefined) {
    return null;
  }
  const y = focused(
    marks.map(mark => mark.y),
    maximize
  );
  const keys: IKey[] = [
    { mark: 'line', text: words.__('best so far') },
    { mark: 'faint', text: words.__('each trial') }
  ];
  return (
    <Plot
      title={words.__('Best %1 over time', metric)}
      summary={words.__('Best %1 %2, reached by trial %3', metric, formatScore(best.y), best.number)}
      x={{ domain: [0, Math.max(anytime.total_seconds, best.x, 1)], ticks: timeTicks, format: shortSeconds }}
      y={{ domain: y, ticks, format: String }}
      readings={marks.map(mark => ({
        ...mark,
        text: words.__('trial %1 · %2 after %3', mark.number, formatScore(mark.y), formatSeconds(mark.x))
      }))}
      keys={keys}
      table={() => ({
        head: [words.__('Time'), words.__('Best %1', metric), words.__('Trial')],
        rows: steps.map(step => [formatSeconds(step.x), formatScore(step.y), String(step.number)])
      })}
      onChoose={onChoose}
    >
      {layout => (
        <>
          {marks.map(mark => (
            <circle
              key={mark.number}
              className="jp-XAutoLM-faint"
              cx={layout.x(mark.x)}
              cy={layout.y(clamp(mark.y, y))}
              r={2}
            />
          ))}
          <path
            className="jp-XAutoLM-line"
            d={stepPath(
              steps.map(step => ({ x: layout.x(step.x), y: layout.y(clamp(step.y, y)) })),
              layout.box.right
            )}
          />
          <circle className="jp-XAutoLM-dot" cx={layout.x(best.x)} cy={layout.y(best.y)} r={3.5} />
        </>
      )}
    </Plot>
  );
});
