/** What most searches leave as it is. */

import * as React from 'react';

import { Check, Field, Text } from './controls';
import { useWords } from './desk';
import type { IFieldsProps } from './Setup';

export function MoreFields({ draft, wrong, onChange }: IFieldsProps): JSX.Element {
  const words = useWords();
  return (
    <details className="jp-XAutoLM-more">
      <summary>{words.__('More')}</summary>
      <div className="jp-XAutoLM-grid">
        <Field label={words.__('Name of the study')}>
          {ids => (
            <Text
              {...ids}
              value={draft.name}
              placeholder={words.__('after the data')}
              onChange={name => onChange({ name })}
            />
          )}
        </Field>
        <Field label={words.__('Experience store')}>
          {ids => (
            <Text
              {...ids}
              value={draft.store}
              placeholder={words.__('your data folder')}
              onChange={store => onChange({ store })}
            />
          )}
        </Field>
        <Field label={words.__('At most so many trials')} wrong={wrong.has('maxTrials')}>
          {ids => (
            <Text
              {...ids}
              value={draft.maxTrials}
              placeholder={words.__('no limit')}
              wrong={wrong.has('maxTrials')}
              onChange={maxTrials => onChange({ maxTrials })}
            />
          )}
        </Field>
        <Field label={words.__('Trials at a time')} wrong={wrong.has('workers')}>
          {ids => (
            <Text
              {...ids}
              value={draft.workers}
              placeholder={words.__('one on each GPU')}
              wrong={wrong.has('workers')}
              onChange={workers => onChange({ workers })}
            />
          )}
        </Field>
        <Field label={words.__('Seed')} wrong={wrong.has('seed')}>
          {ids => (
            <Text
              {...ids}
              value={draft.seed}
              placeholder="0"
              wrong={wrong.has('seed')}
              onChange={seed => onChange({ seed })}
            />
          )}
        </Field>
        <Field label={words.__('Models whose own code may run')}>
          {ids => (
            <Text
              {...ids}
              value={draft.trustCode}
              placeholder={words.__('none; ORG/NAME@COMMIT')}
              onChange={trustCode => onChange({ trustCode })}
            />
          )}
        </Field>
      </div>
      <Check checked={draft.usePrior} onChange={usePrior => onChange({ usePrior })}>
        {words.__('Let past studies of the store guide the search')}
      </Check>
      {draft.usePrior && (
        <Check checked={draft.useStarter} onChange={useStarter => onChange({ useStarter })}>
          {words.__('While the store is empty, begin from the experience that ships with the package')}
        </Check>
      )}
    </details>
  );
}
