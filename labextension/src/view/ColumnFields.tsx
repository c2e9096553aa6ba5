/** Which columns are text and label, and which kind of task that makes; detected until chosen. */

import * as React from 'react';

import { textColumns } from '../draft';
import type { Preview } from '../protocol';
import type { IOption } from './controls';
import { Field, Section, Select } from './controls';
import type { Words } from './desk';
import { useWords } from './desk';
import type { IFieldsProps } from './Setup';

interface IProps extends IFieldsProps {
  readonly preview: Preview;
}

export function ColumnFields({ draft, onChange, preview }: IProps): JSX.Element {
  const words = useWords();
  const text = textColumns(draft, preview);
  const label = draft.label ?? preview.label ?? '';
  const columns: readonly IOption[] = preview.columns.map(({ name, dtype }) => ({
    value: name,
    text: `${name} (${dtype})`
  }));
  const none = { value: '', text: words.__('none') };
  const setText = (index: number, name: string): void => {
    const next = index === 0 ? [name, text[1] ?? ''] : [text[0] ?? '', name];
    onChange({ text: next.filter((column, place) => column !== '' && next.indexOf(column) === place) });
  };
  return (
    <Section title={words.__('Columns')}>
      <div className="jp-XAutoLM-grid">
        <Field label={words.__('Text')} aside={<Detected when={draft.text === null && text.length > 0} />}>
          {ids => (
            <Select
              {...ids}
              value={text[0] ?? ''}
              options={text.length === 0 ? [none, ...columns] : columns}
              onChange={name => setText(0, name)}
            />
          )}
        </Field>
        <Field label={words.__('Second text (pairs)')}>
          {ids => (
            <Select {...ids} value={text[1] ?? ''} options={[none, ...columns]} onChange={name => setText(1, name)} />
          )}
        </Field>
        <Field label={words.__('Label')} aside={<Detected when={draft.label === null && label !== ''} />}>
          {ids => (
            <Select
              {...ids}
              value={label}
              options={label === '' ? [none, ...columns] : columns}
              onChange={name => onChange({ label: name === '' ? null : name })}
            />
          )}
        </Field>
        <Field label={words.__('Task')} aside={<Detected when={draft.kind === null && preview.kind !== 'unknown'} />}>
          {ids => (
            <Select
              {...ids}
              value={draft.kind ?? preview.kind}
              options={kindOptions(words, preview.kind)}
              onChange={kind => onChange({ kind: kind === preview.kind ? null : kind })}
            />
          )}
        </Field>
      </div>
    </Section>
  );
}

function kindOptions(words: Words, detected: string): readonly IOption[] {
  const known: readonly IOption[] = [
    { value: 'classification', text: words.__('classification') },
    { value: 'extractive_qa', text: words.__('question answering') },
    { value: 'generation', text: words.__('generation') }
  ];
  return known.some(option => option.value === detected) ? known : [{ value: detected, text: detected }, ...known];
}

function Detected({ when }: { when: boolean }): JSX.Element | null {
  const words = useWords();
  return when ? <span className="jp-XAutoLM-tag">{words.__('detected')}</span> : null;
}
