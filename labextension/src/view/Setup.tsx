/** The form of a new search: data, columns, what to search for, with which models, and the start. */

import * as React from 'react';

import type { Complaint, IDraft } from '../draft';
import { MOST_WORKERS, complaints } from '../draft';
import type { Model } from '../model';
import type { IPanelState } from '../panelState';
import { valueOf } from '../remote';
import { isLive } from '../state';
import { Button, Note, ProblemNote } from './controls';
import type { Words } from './desk';
import { useDesk } from './desk';
import { ColumnFields } from './ColumnFields';
import { DataFields } from './DataFields';
import { GoalFields } from './GoalFields';
import { ModelPool } from './ModelPool';
import { MoreFields } from './MoreFields';
import { PreviewView } from './PreviewView';

interface IProps {
  readonly model: Model;
  readonly state: IPanelState;
}

/** What every group of fields gets. */
export interface IFieldsProps {
  readonly draft: IDraft;
  readonly wrong: ReadonlySet<Complaint>;
  readonly onChange: (patch: Partial<IDraft>) => void;
}

export function Setup({ model, state }: IProps): JSX.Element {
  const { draft, variables, preview, pool } = state;
  React.useEffect(() => {
    void model.fetchVariables();
    if (model.state.pool.kind === 'none') {
      void model.fetchPool();
    }
    // A form that was kept over a reload has its data, but not yet what there is to see of it.
    if (model.state.preview.kind === 'none' && model.state.draft.data !== '') {
      void model.fetchPreview();
    }
  }, [model]);
  const wrong = React.useMemo(() => new Set(complaints(draft)), [draft]);
  const fields: IFieldsProps = { draft, wrong, onChange: patch => model.setDraft(patch) };
  const seen = valueOf(preview);
  return (
    <form className="jp-XAutoLM-form" onSubmit={event => event.preventDefault()}>
      <DataFields {...fields} variables={variables} model={model} />
      {preview.kind === 'failed' && <ProblemNote problem={preview} />}
      {seen !== null && (
        <div aria-busy={preview.kind === 'loading'} className="jp-XAutoLM-stale">
          <ColumnFields {...fields} preview={seen} />
          <PreviewView preview={seen} />
        </div>
      )}
      {preview.kind === 'loading' && seen === null && <Reading />}
      <GoalFields {...fields} />
      <ModelPool {...fields} pool={pool} model={model} />
      <MoreFields {...fields} />
      <StartBar model={model} state={state} wrong={wrong} />
    </form>
  );
}

function Reading(): JSX.Element {
  const { words } = useDesk();
  return (
    <p className="jp-XAutoLM-hint" role="status">
      {words.__('Reading the data…')}
    </p>
  );
}

function StartBar({ model, state, wrong }: IProps & { wrong: ReadonlySet<Complaint> }): JSX.Element {
  const { host, words } = useDesk();
  const { started, view } = state;
  const isBusy = started.kind === 'loading';
  const works = view.study !== null && view.study.here && isLive(view.study);
  const first = [...wrong][0];
  const insert = async (): Promise<void> => {
    const code = await model.code();
    if (code !== null) {
      host.insertCode(code);
    }
  };
  return (
    <footer className="jp-XAutoLM-start">
      {started.kind === 'failed' && <ProblemNote problem={started} />}
      {works && (
        <Note
          look="info"
          message={words.__('%1 is %2 in this kernel.', view.study?.name ?? '', view.study?.state ?? '')}
          hint={words.__('A second search shares the machine with it. Stop it first to give all to the new one.')}
        />
      )}
      {first !== undefined && <p className="jp-XAutoLM-hint">{complaintText(words, first)}</p>}
      <div className="jp-XAutoLM-actions">
        <Button look="main" disabled={isBusy || first !== undefined} onClick={() => void model.start()}>
          {isBusy ? words.__('Starting…') : words.__('Start search')}
        </Button>
        <Button disabled={wrong.has('data')} onClick={() => void insert()}>
          {words.__('Insert code')}
        </Button>
      </div>
    </footer>
  );
}

function complaintText(words: Words, complaint: Complaint): string {
  const texts: Readonly<Record<Complaint, string>> = {
    data: words.__('Choose the data first.'),
    budget: words.__('Write the budget as 90s, 30m, 1h30m or 2h.'),
    methods: words.__('Choose at least one method.'),
    models: words.__('Choose at least one model.'),
    maxTrials: words.__('The number of trials is a whole number from 1, or empty.'),
    workers: words.__('The number of trials at a time is a whole number from 1 to %1, or empty.', MOST_WORKERS),
    seed: words.__('The seed is a whole number from 0, or empty.')
  };
  return texts[complaint];
}
