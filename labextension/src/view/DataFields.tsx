/** What to search on: a variable of the kernel, or a file. */

import * as React from 'react';

import { formatCount } from '../format';
import type { Model } from '../model';
import type { Source, Variable } from '../protocol';
import type { Remote } from '../remote';
import { valueOf } from '../remote';
import { Button, Choice, Empty, Field, IconButton, ProblemNote, Section, Select, Text } from './controls';
import type { Words } from './desk';
import { useWords } from './desk';
import { RefreshIcon } from './icons';
import type { IFieldsProps } from './Setup';

interface IProps extends IFieldsProps {
  readonly variables: Remote<readonly Variable[]>;
  readonly model: Model;
}

export function DataFields({ draft, onChange, variables, model }: IProps): JSX.Element {
  const words = useWords();
  const sources: readonly { value: Source; text: string }[] = [
    { value: 'variable', text: words.__('Variable') },
    { value: 'file', text: words.__('File') }
  ];
  const choose = (value: string): void => {
    const source = sources.find(option => option.value === value)?.value;
    if (source !== undefined && source !== draft.source) {
      onChange({ source, data: '' });
    }
  };
  return (
    <Section
      title={words.__('Data')}
      aside={<Choice label={words.__('Where the data is')} value={draft.source} options={sources} onChange={choose} />}
    >
      {draft.source === 'variable' ? (
        <VariableField
          data={draft.data}
          variables={variables}
          onChoose={data => onChange({ data })}
          onRefresh={() => void model.fetchVariables()}
          onFile={() => choose('file')}
        />
      ) : (
        <FileField key={draft.data} data={draft.data} onChoose={data => onChange({ data })} />
      )}
    </Section>
  );
}

interface IVariableProps {
  readonly data: string;
  readonly variables: Remote<readonly Variable[]>;
  readonly onChoose: (name: string) => void;
  readonly onRefresh: () => void;
  readonly onFile: () => void;
}

function VariableField({ data, variables, onChoose, onRefresh, onFile }: IVariableProps): JSX.Element {
  const words = useWords();
  const found = valueOf(variables) ?? [];
  if (variables.kind === 'failed') {
    return (
      <ProblemNote problem={variables}>
        <Button onClick={onRefresh}>{words.__('Try again')}</Button>
      </ProblemNote>
    );
  }
  if (variables.kind === 'ready' && found.length === 0) {
    return (
      <Empty
        title={words.__('No data in this kernel')}
        text={words.__(
          'Run a cell that makes a DataFrame, a Dataset or a dict of DataFrames, then look again. Or name a file.'
        )}
      >
        <Button onClick={onRefresh}>{words.__('Look again')}</Button>
        <Button onClick={onFile}>{words.__('Choose a file')}</Button>
      </Empty>
    );
  }
  const isGone = data !== '' && found.every(variable => variable.name !== data);
  const options = [
    { value: '', text: words.__('Choose…') },
    ...(isGone ? [{ value: data, text: data }] : []),
    ...found.map(variable => ({ value: variable.name, text: variableText(words, variable) }))
  ];
  return (
    <div className="jp-XAutoLM-row">
      <Field label={words.__('Variable of the kernel')}>
        {ids => <Select {...ids} value={data} options={options} onChange={onChoose} />}
      </Field>
      <IconButton icon={RefreshIcon} label={words.__('Look for variables again')} onClick={onRefresh} />
    </div>
  );
}

function variableText(words: Words, { name, kind, rows, columns }: Variable): string {
  return words.__('%1 (%2, %3 × %4)', name, kind, formatCount(rows), columns.length);
}

/** Typed at leisure; read when the person is done. */
function FileField({ data, onChoose }: { data: string; onChoose: (path: string) => void }): JSX.Element {
  const words = useWords();
  const [path, setPath] = React.useState(data);
  const done = (): void => {
    if (path.trim() !== data) {
      onChoose(path.trim());
    }
  };
  return (
    <div className="jp-XAutoLM-row">
      <Field
        label={words.__('File, folder or hub id')}
        hint={words.__('CSV, JSONL or Parquet; paths start at the folder of the kernel.')}
      >
        {ids => <Text {...ids} value={path} placeholder="reviews.csv" onChange={setPath} onDone={done} />}
      </Field>
      <Button disabled={path.trim() === ''} onClick={done}>
        {words.__('Read')}
      </Button>
    </div>
  );
}
