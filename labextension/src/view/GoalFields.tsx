/** How long to search, and for what. */

import * as React from 'react';

import { METRICS } from '../draft';
import { Check, Choice, Field, Section, Text } from './controls';
import { useWords } from './desk';
import type { IFieldsProps } from './Setup';

const BUDGETS = ['10m', '30m', '2h', '8h'];

export function GoalFields({ draft, wrong, onChange }: IFieldsProps): JSX.Element {
  const words = useWords();
  const names: Readonly<Record<string, string>> = { f1: words.__('macro F1'), accuracy: words.__('accuracy') };
  return (
    <Section title={words.__('Goal')}>
      <div className="jp-XAutoLM-row">
        <Field label={words.__('Budget')} wrong={wrong.has('budget')}>
          {ids => (
            <Text {...ids} value={draft.budget} wrong={wrong.has('budget')} onChange={budget => onChange({ budget })} />
          )}
        </Field>
        <div className="jp-XAutoLM-chips" role="group" aria-label={words.__('Usual budgets')}>
          {BUDGETS.map(budget => (
            <button
              key={budget}
              type="button"
              className="jp-XAutoLM-chip"
              aria-pressed={draft.budget.trim() === budget}
              onClick={() => onChange({ budget })}
            >
              {budget}
            </button>
          ))}
        </div>
      </div>
      <div className="jp-XAutoLM-line2">
        <Choice
          label={words.__('Score to maximise')}
          value={draft.metric}
          options={METRICS.map(value => ({ value, text: names[value] ?? value }))}
          onChange={metric => onChange({ metric })}
        />
        <Check checked={draft.front} onChange={front => onChange({ front })}>
          {words.__('and a fast model (front of score against time)')}
        </Check>
      </div>
    </Section>
  );
}
