/** A trial that trains now. */

import * as React from 'react';

import { formatCount, formatGib, formatScore, formatSeconds, shortModel } from '../format';
import type { Model } from '../model';
import type { Progress, TrialRow } from '../protocol';
import { Button, Meter, Section } from './controls';
import type { Words } from './desk';
import { useWords } from './desk';

interface IProps {
  readonly model: Model;
  readonly progress: Progress;
  readonly trial: TrialRow | undefined;
}

export function RunningTrial({ model, progress, trial }: IProps): JSX.Element {
  const words = useWords();
  const [asked, setAsked] = React.useState<number | null>(null);
  const { number, step, total } = progress;
  const waits = asked === number;
  return (
    <Section
      title={words.__('Trial %1', number)}
      aside={
        <Button
          look="quiet"
          disabled={waits}
          label={words.__('Stop trial %1 and go on with the next', number)}
          onClick={() => {
            setAsked(number);
            void model.stopTrial(number);
          }}
        >
          {waits ? words.__('Stopping…') : words.__('Stop trial')}
        </Button>
      }
    >
      {trial !== undefined && (
        <p className="jp-XAutoLM-muted jp-XAutoLM-cut" title={trial.model}>
          {[shortModel(trial.model), trial.method, words.__('to %1 % of its run', Math.round(100 * trial.target))].join(
            ' · '
          )}
        </p>
      )}
      <Meter
        label={words.__('Progress of trial %1', number)}
        share={total > 0 ? step / total : 0}
        text={words.__('step %1 of %2', step, total)}
      />
      <p className="jp-XAutoLM-facts">
        {factsOf(words, progress).map(fact => (
          <span key={fact}>{fact}</span>
        ))}
      </p>
    </Section>
  );
}

/** What is known of it, without the unknown. */
function factsOf(words: Words, progress: Progress): readonly string[] {
  const { phase, step, total, loss, score, seconds_left, peak_memory_gib, tokens_per_second } = progress;
  const phases = { load: words.__('loading'), train: words.__('training'), evaluate: words.__('validating') };
  return [
    phases[phase],
    total > 0 ? words.__('step %1 of %2', step, total) : null,
    loss === null ? null : words.__('loss %1', loss.toFixed(3)),
    score === null ? null : words.__('score %1', formatScore(score)),
    seconds_left === null ? null : words.__('%1 to go', formatSeconds(seconds_left)),
    tokens_per_second === null ? null : words.__('%1 tokens/s', formatCount(Math.round(tokens_per_second))),
    peak_memory_gib === null ? null : words.__('%1 peak', formatGib(peak_memory_gib))
  ].filter((fact): fact is string => fact !== null);
}
