/** The study at work: figures, the running trial, charts, the machine, and what to do with the result. */

import * as React from 'react';

import { Anytime } from '../charts/Anytime';
import { Curves } from '../charts/Curves';
import { Pareto } from '../charts/Pareto';
import { formatGain, formatScore, formatSeconds } from '../format';
import type { Model } from '../model';
import type { IPanelState } from '../panelState';
import type { StudyInfo } from '../protocol';
import { isLive, runningOf } from '../state';
import { Button, Empty } from './controls';
import { useWords } from './desk';
import { DeviceView } from './DeviceView';
import { ExportForm } from './ExportForm';
import { GoOn } from './GoOn';
import { RunningTrial } from './RunningTrial';

interface IProps {
  readonly model: Model;
  readonly state: IPanelState;
}

export function Run({ model, state }: IProps): JSX.Element {
  const { study, charts, trials, device } = state.view;
  if (study === null) {
    return <NoStudy model={model} />;
  }
  const choose = (number: number): void => {
    model.setTab('trials');
    void model.chooseTrial(number);
  };
  return (
    <>
      <KeyFigures study={study} onBest={choose} />
      {study.message !== '' && <p className="jp-XAutoLM-message">{study.message}</p>}
      {isLive(study) &&
        runningOf(state.view).map(progress => (
          <RunningTrial
            key={progress.number}
            progress={progress}
            model={model}
            trial={trials.find(row => row.number === progress.number)}
          />
        ))}
      {!isLive(study) && study.state !== 'created' && (
        <GoOn key={`more ${study.id}`} model={model} state={state} study={study} />
      )}
      {charts !== null && charts.anytime.best.length > 0 ? (
        <div className="jp-XAutoLM-charts">
          <Anytime charts={charts} trials={trials} onChoose={choose} />
          <Pareto charts={charts} onChoose={choose} />
          {charts.reference === null && <NoReference />}
          <Curves charts={charts} onChoose={choose} />
        </div>
      ) : (
        <NoScore state={study.state} />
      )}
      {device !== null && <DeviceView device={device} />}
      {study.best !== null && <ExportForm key={`export ${study.id}`} model={model} exported={state.exported} />}
    </>
  );
}

function NoStudy({ model }: { model: Model }): JSX.Element {
  const words = useWords();
  return (
    <Empty
      title={words.__('No search in this kernel yet')}
      text={words.__('Set one up here, start one in a cell with tune(…), or reopen an old one.')}
    >
      <Button look="main" onClick={() => model.setTab('setup')}>
        {words.__('Set up a search')}
      </Button>
      <Button onClick={() => model.setTab('history')}>{words.__('Open an old study')}</Button>
    </Empty>
  );
}

/** Why the front stands alone, and how to get another one to hold it against. */
function NoReference(): JSX.Element {
  const words = useWords();
  return (
    <p className="jp-XAutoLM-hint">
      {words.__(
        'No search without past experience is stored for this data, so its front cannot be drawn beside. To make one, start a search with “Let past studies of the store guide the search” off, under More.'
      )}
    </p>
  );
}

function NoScore({ state }: { state: StudyInfo['state'] }): JSX.Element {
  const words = useWords();
  const ended = words.__(
    'The study ended before a trial was validated. Give it more time, or see under Trials why they failed.'
  );
  const texts: Partial<Record<StudyInfo['state'], string>> = {
    running: words.__('Charts appear when the first trial has been validated.'),
    paused: words.__('Charts appear when the first trial has been validated.'),
    failed: words.__('The search could not go on; the line above says why. Mend that, then start a new one.')
  };
  return <Empty title={words.__('No score yet')} text={texts[state] ?? ended} />;
}

function KeyFigures({ study, onBest }: { study: StudyInfo; onBest: (number: number) => void }): JSX.Element {
  const words = useWords();
  const { best } = study;
  const ends = study.state === 'running' && study.seconds_left !== null ? endTime(study.seconds_left) : null;
  const counts = [
    words.__('%1 complete', study.complete),
    ...(study.failed > 0 ? [words.__('%1 failed', study.failed)] : [])
  ];
  return (
    <dl className="jp-XAutoLM-figures">
      <Figure name={words.__('Best %1', study.metric)} value={formatScore(study.best_score)} look="main">
        {best === null ? (
          words.__('none yet')
        ) : (
          <button type="button" className="jp-XAutoLM-link" onClick={() => onBest(best)}>
            {words.__('trial %1', best)}
          </button>
        )}
      </Figure>
      <Figure name={words.__('Trials')} value={String(study.trials)}>
        {counts.join(', ')}
      </Figure>
      <Figure
        name={study.seconds_left === null ? words.__('Time spent') : words.__('Time left')}
        value={study.seconds_left === null ? formatSeconds(study.spent_seconds) : formatSeconds(study.seconds_left)}
      >
        {ends === null ? words.__('budget %1', formatSeconds(study.budget_seconds)) : words.__('until %1', ends)}
      </Figure>
      <Figure name={words.__('Expected gain')} value={formatGain(study.expected_gain)}>
        {study.expected_gain === null ? words.__('not known yet') : words.__('by the next trial')}
      </Figure>
    </dl>
  );
}

interface IFigureProps {
  readonly name: string;
  readonly value: string;
  readonly look?: 'main';
  readonly children: React.ReactNode;
}

function Figure({ name, value, look, children }: IFigureProps): JSX.Element {
  return (
    <div className={look === 'main' ? 'jp-mod-main' : undefined}>
      <dt>{name}</dt>
      <dd>{value}</dd>
      <dd className="jp-XAutoLM-muted">{children}</dd>
    </div>
  );
}

function endTime(secondsLeft: number): string {
  return new Date(Date.now() + 1000 * secondsLeft).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}
