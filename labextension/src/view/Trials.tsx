/** All trials: filter, table, and one of them closely. */

import * as React from 'react';

import type { Model } from '../model';
import type { IPanelState } from '../panelState';
import type { StudyInfo, TrialRow, TrialState } from '../protocol';
import { TRIAL_STATES } from '../protocol';
import { isLive } from '../state';
import { countByState, rowsOf } from '../table';
import { Button, Empty, Text } from './controls';
import { useDesk, useWidth, useWords } from './desk';
import { trialStateText } from './states';
import { TrialDetail } from './TrialDetail';
import { TrialTable } from './TrialTable';

interface IProps {
  readonly model: Model;
  readonly state: IPanelState;
}

const WIDE = 620;

export function Trials({ model, state }: IProps): JSX.Element {
  const { settings } = useDesk();
  const { study, trials } = state.view;
  const shown = React.useMemo(() => trials.slice(-settings.rows), [trials, settings.rows]);
  if (study === null || shown.length === 0) {
    return <NoTrials model={model} isLive={isLive(study)} />;
  }
  return <TrialList model={model} state={state} study={study} shown={shown} />;
}

interface IListProps extends IProps {
  readonly study: StudyInfo;
  readonly shown: readonly TrialRow[];
}

function TrialList({ model, state, study, shown }: IListProps): JSX.Element {
  const words = useWords();
  const [element, width] = useWidth<HTMLDivElement>(320);
  const { view, table, chosen } = state;
  const rows = React.useMemo(() => rowsOf(shown, table), [shown, table]);
  const hidden = view.trialsTotal - shown.length;
  const isWide = width >= WIDE;
  return (
    <div ref={element} className={`jp-XAutoLM-trials${isWide ? ' jp-mod-wide' : ''}`}>
      {(isWide || chosen === null) && (
        <div className="jp-XAutoLM-list">
          <Filters model={model} state={state} />
          <TrialTable
            rows={rows}
            view={table}
            best={study.best}
            chosen={chosen}
            metric={study.metric}
            onSort={next => model.setTable(next)}
            onChoose={number => void model.chooseTrial(number)}
          />
          {hidden > 0 && (
            <p className="jp-XAutoLM-hint">
              {words._n('%1 earlier trial is in session.trials', '%1 earlier trials are in session.trials', hidden)}
            </p>
          )}
        </div>
      )}
      {chosen !== null && (
        <TrialDetail
          number={chosen}
          study={study}
          detail={state.detail}
          row={view.trials.find(trial => trial.number === chosen)}
          model={model}
          maximize={view.charts?.maximize ?? true}
        />
      )}
    </div>
  );
}

function Filters({ model, state }: IProps): JSX.Element {
  const words = useWords();
  const { view, table } = state;
  const counts = React.useMemo(() => countByState(view.trials), [view.trials]);
  const chip = (value: TrialState | null, text: string, count: number): JSX.Element => (
    <button
      key={text}
      type="button"
      className="jp-XAutoLM-chip"
      aria-pressed={table.state === value}
      onClick={() => model.setTable({ state: value })}
    >
      {text} <span className="jp-XAutoLM-muted">{count}</span>
    </button>
  );
  return (
    <div className="jp-XAutoLM-filters">
      <div className="jp-XAutoLM-chips" role="group" aria-label={words.__('Filter by state')}>
        {chip(null, words.__('all'), view.trials.length)}
        {TRIAL_STATES.filter(name => counts.has(name) || name === table.state).map(name =>
          chip(name, trialStateText(words, name), counts.get(name) ?? 0)
        )}
      </div>
      <Text
        label={words.__('Find trials')}
        placeholder={words.__('model, method, learning_rate=…, error')}
        value={table.query}
        onChange={query => model.setTable({ query })}
      />
    </div>
  );
}

function NoTrials({ model, isLive: working }: { model: Model; isLive: boolean }): JSX.Element {
  const words = useWords();
  if (working) {
    return (
      <Empty
        busy
        title={words.__('No trial yet')}
        text={words.__('The study describes the task and chooses its first trial; this takes some seconds.')}
      />
    );
  }
  return (
    <Empty
      title={words.__('No trials')}
      text={words.__('Trials appear here when a search runs. Start one, or open an old study.')}
    >
      <Button look="main" onClick={() => model.setTab('setup')}>
        {words.__('Set up a search')}
      </Button>
      <Button onClick={() => model.setTab('history')}>{words.__('Open an old study')}</Button>
    </Empty>
  );
}
