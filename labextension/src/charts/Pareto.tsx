/** Score against seconds of each trial, the front that no other beats, and the zero-shot front where it is known. */

import * as React from 'react';

import { formatScore, formatSeconds, shortSeconds } from '../format';
import type { Charts } from '../protocol';
import { useWords } from '../view/desk';
import type { IFrontMark } from './data';
import { bySeconds, frontMarks, wantsLog } from './data';
import { stepPath } from './path';
import type { IKey, ILayout } from './Plot';
import { Plot } from './Plot';
import { clamp, extent, focused, logTicks, padded, ticks, timeTicks } from './scale';

interface IProps {
  readonly charts: Charts;
  readonly onChoose: (number: number) => void;
}

export const Pareto = React.memo(function Pareto({ charts, onChoose }: IProps): JSX.Element | null {
  const words = useWords();
  const { metric, maximize, reference } = charts;
  const marks = React.useMemo(() => frontMarks(charts.pareto), [charts.pareto]);
  const front = bySeconds(marks.filter(mark => mark.front));
  const beside = React.useMemo(() => referenceMarks(reference), [reference]);
  if (front.length === 0) {
    return null;
  }
  const seconds = [...marks, ...beside].map(mark => mark.x);
  const log = wantsLog(seconds);
  const y = focused(
    [...marks, ...beside].map(mark => mark.y),
    maximize
  );
  const at = (layout: ILayout, mark: { readonly x: number; readonly y: number }): { x: number; y: number } => ({
    x: layout.x(mark.x),
    y: layout.y(clamp(mark.y, y))
  });
  const keys: IKey[] = [
    { mark: 'line', text: words.__('front') },
    { mark: 'dot', text: words.__('complete') },
    { mark: 'ring', text: words.__('part of its run') },
    ...(reference === null ? [] : [{ mark: 'dash' as const, text: reference.name }])
  ];
  const isComplete = (mark: IFrontMark): string => (mark.complete ? words.__('complete') : words.__('part of its run'));
  return (
    <Plot
      title={words.__('%1 against training time', metric)}
      summary={words.__(
        '%1 of %2 trials are on the front of %3 against training time',
        front.length,
        marks.length,
        metric
      )}
      x={{ domain: domainOf(seconds, log), log, ticks: log ? logTicks : timeTicks, format: shortSeconds }}
      y={{ domain: y, ticks, format: String }}
      readings={bySeconds(marks).map(mark => ({
        ...mark,
        text: words.__(
          'trial %1 · %2 in %3 · %4',
          mark.number,
          formatScore(mark.y),
          formatSeconds(mark.x),
          isComplete(mark)
        )
      }))}
      keys={keys}
      table={() => ({
        head: [words.__('Trial'), words.__('Seconds'), metric, words.__('Front'), words.__('Run')],
        rows: [
          ...bySeconds(marks).map(mark => [
            String(mark.number),
            formatSeconds(mark.x),
            formatScore(mark.y),
            mark.front ? words.__('yes') : '',
            isComplete(mark)
          ]),
          ...beside.map(mark => [reference?.name ?? '', formatSeconds(mark.x), formatScore(mark.y), '', ''])
        ]
      })}
      onChoose={onChoose}
    >
      {layout => (
        <>
          {beside.length > 0 && (
            <path
              className="jp-XAutoLM-dash"
              d={stepPath(
                beside.map(mark => at(layout, mark)),
                layout.box.right
              )}
            />
          )}
          {marks.map(mark => (
            <circle
              key={mark.number}
              className={`jp-XAutoLM-${mark.front ? 'dot' : 'faint'}${mark.complete ? '' : ' jp-mod-ring'}`}
              cx={layout.x(mark.x)}
              cy={layout.y(clamp(mark.y, y))}
              r={mark.front ? 3.5 : 2.5}
            />
          ))}
          <path
            className="jp-XAutoLM-line"
            d={stepPath(
              front.map(mark => at(layout, mark)),
              layout.box.right
            )}
          />
        </>
      )}
    </Plot>
  );
});

function referenceMarks(reference: Charts['reference']): readonly { readonly x: number; readonly y: number }[] {
  const scores = reference?.scores ?? [];
  return bySeconds((reference?.seconds ?? []).map((x, index) => ({ x, y: scores[index] ?? 0 })));
}

function domainOf(seconds: readonly number[], log: boolean): readonly [number, number] {
  const positive = seconds.filter(value => value > 0);
  const [low, high] = extent(positive);
  return log ? [low / 1.2, high * 1.2] : [0, padded(seconds)[1]];
}
