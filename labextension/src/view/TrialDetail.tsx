/** One trial closely: how it did, its configuration, its curve, why it was proposed, and why it failed. */

import * as React from 'react';

import { Curves } from '../charts/Curves';
import { formatEnergy, formatGib, formatPercent, formatScore, formatSeconds, formatTime, formatValue } from '../format';
import type { Model } from '../model';
import type { Ack, Charts, CurvePoint, StudyInfo, TrialRow } from '../protocol';
import type { Remote } from '../remote';
import { valueOf } from '../remote';
import { Button, Empty, IconButton, ProblemNote, Section } from './controls';
import type { Words } from './desk';
import { useWords } from './desk';
import { BackIcon, TrialStateIcon } from './icons';
import { failureText, trialStateText } from './states';

interface IProps {
  readonly number: number;
  readonly study: StudyInfo;
  readonly detail: Remote<Ack<'trial'>>;
  readonly row: TrialRow | undefined;
  readonly model: Model;
  readonly maximize: boolean;
}

export function TrialDetail({ number, study, detail, row, model, maximize }: IProps): JSX.Element {
  const words = useWords();
  const ack = valueOf(detail);
  const trial = row ?? ack?.trial;
  const close = (): void => void model.chooseTrial(null);
  return (
    <article
      className="jp-XAutoLM-detail"
      aria-label={words.__('Trial %1', number)}
      onKeyDown={event => event.key === 'Escape' && close()}
    >
      <header>
        <IconButton icon={BackIcon} label={words.__('Back to all trials')} onClick={close} />
        <h2>{words.__('Trial %1', number)}</h2>
        {trial !== undefined && <Standing trial={trial} isBest={study.best === number} />}
        {trial?.state === 'running' && (
          <Button look="quiet" onClick={() => void model.stopTrial(number)}>
            {words.__('Stop trial')}
          </Button>
        )}
      </header>
      {detail.kind === 'failed' && <ProblemNote problem={detail} />}
      {trial === undefined ? (
        <Empty busy title={words.__('Fetching the trial…')} text="" />
      ) : (
        <>
          {trial.failure !== null && <Failure failure={trial.failure} detail={ack?.detail ?? ''} />}
          <Facts facts={outcomeFacts(words, trial, study.metric)} />
          {ack !== null && ack.curve.length > 0 && (
            <Curves alone charts={curveChart(trial, ack.curve, study.metric, maximize)} onChoose={() => undefined} />
          )}
          <Section title={words.__('Why it was proposed')}>
            <p className="jp-XAutoLM-why">{ack?.why ?? trial.reason}</p>
          </Section>
          <Section title={words.__('Configuration')}>
            <Facts facts={Object.entries(trial.config).map(([name, value]) => ({ name, value: formatValue(value) }))} />
          </Section>
        </>
      )}
    </article>
  );
}

function Standing({ trial, isBest }: { trial: TrialRow; isBest: boolean }): JSX.Element {
  const words = useWords();
  return (
    <span className="jp-XAutoLM-muted">
      <TrialStateIcon state={trial.state} /> {trialStateText(words, trial.state)}
      {isBest && ` · ${words.__('best')} ★`}
    </span>
  );
}

function Failure({ failure, detail }: { failure: NonNullable<TrialRow['failure']>; detail: string }): JSX.Element {
  const words = useWords();
  return (
    <div className="jp-XAutoLM-note jp-mod-error" role="group" aria-label={words.__('Failure')}>
      <strong>{failureText(failure.kind)}</strong>
      <div>{failure.message}</div>
      {detail !== '' && (
        <details>
          <summary>{words.__('Log')}</summary>
          <pre tabIndex={0}>{detail}</pre>
        </details>
      )}
    </div>
  );
}

interface IFact {
  readonly name: string;
  readonly value: string;
  /** What was expected, or how it is known. */
  readonly beside?: string;
}

function Facts({ facts }: { facts: readonly IFact[] }): JSX.Element {
  return (
    <dl className="jp-XAutoLM-pairs">
      {facts.map(({ name, value, beside }) => (
        <React.Fragment key={name}>
          <dt>{name}</dt>
          <dd>
            {value} {beside !== undefined && <span className="jp-XAutoLM-muted">{beside}</span>}
          </dd>
        </React.Fragment>
      ))}
    </dl>
  );
}

/** What came, beside what was expected where the proposal said so. */
export function outcomeFacts(words: Words, trial: TrialRow, metric: string): readonly IFact[] {
  const { expected } = trial;
  const { score, score_sd, seconds, success } = {
    score: expected['score'] ?? null,
    score_sd: expected['score_sd'] ?? null,
    seconds: expected['seconds'] ?? null,
    success: expected['success'] ?? null
  };
  const beside = (wanted: string | null): Partial<IFact> =>
    wanted === null ? {} : { beside: words.__('expected %1', wanted) };
  const deviation = score_sd === null ? '' : ` ± ${score_sd.toFixed(3)}`;
  return [
    {
      name: metric,
      value: formatScore(trial.score),
      ...beside(score === null ? null : `${formatScore(score)}${deviation}`)
    },
    {
      name: words.__('run'),
      value: formatPercent(trial.fidelity),
      beside: words.__('%1 planned', formatPercent(trial.target))
    },
    {
      name: words.__('time'),
      value: formatSeconds(trial.seconds),
      ...beside(seconds === null ? null : formatSeconds(seconds))
    },
    ...(success === null ? [] : [{ name: words.__('chance to succeed'), value: formatPercent(success) }]),
    { name: words.__('peak memory'), value: formatGib(trial.peak_memory_gib) },
    {
      name: words.__('energy'),
      value: formatEnergy(trial.energy_kwh),
      ...(trial.energy_kwh === null ? {} : { beside: trial.energy_source })
    },
    { name: words.__('started'), value: formatTime(trial.created_at) },
    { name: words.__('ended'), value: formatTime(trial.finished_at) }
  ];
}

function curveChart(trial: TrialRow, curve: readonly CurvePoint[], metric: string, maximize: boolean): Charts {
  return {
    anytime: { seconds: [], best: [], numbers: [], total_seconds: 0 },
    pareto: { numbers: [], seconds: [], scores: [], front: [], complete: [] },
    curves: [
      {
        number: trial.number,
        fidelity: curve.map(point => point.fidelity),
        scores: curve.map(point => point.score),
        state: trial.state,
        best: true
      }
    ],
    reference: null,
    metric,
    maximize
  };
}
