/** A study that has ended can be taken up again, with more time if its own is spent. */

import * as React from 'react';

import { isDuration } from '../draft';
import type { Model } from '../model';
import type { IPanelState } from '../panelState';
import type { StudyInfo } from '../protocol';
import { formatSeconds } from '../format';
import { Button, Field, Section, Text } from './controls';
import { useWords } from './desk';

interface IProps {
  readonly model: Model;
  readonly state: IPanelState;
  readonly study: StudyInfo;
}

export function GoOn({ model, state, study }: IProps): JSX.Element {
  const words = useWords();
  const left = study.budget_seconds - study.spent_seconds;
  const isSpent = left <= 0;
  const [budget, setBudget] = React.useState(isSpent ? '10m' : '');
  const isWrong = budget.trim() === '' ? isSpent : !isDuration(budget);
  const resume = (): void => void model.resume(budget.trim() || null);
  return (
    <Section title={words.__('Go on')}>
      <div className="jp-XAutoLM-row">
        <Field
          label={words.__('More time')}
          wrong={isWrong}
          hint={
            isSpent ? words.__('The budget is spent; name more.') : words.__('Empty: the %1 left.', formatSeconds(left))
          }
        >
          {ids => <Text {...ids} value={budget} placeholder="10m" wrong={isWrong} onChange={setBudget} />}
        </Field>
        <Button disabled={isWrong || state.asked !== null} onClick={resume}>
          {state.asked === 'resume' ? words.__('Resuming…') : words.__('Resume')}
        </Button>
      </div>
    </Section>
  );
}
