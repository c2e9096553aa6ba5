/** What was done before: studies to reopen, and what similar tasks taught. */

import * as React from 'react';

import { formatPercent, formatScore, formatSeconds, formatTime } from '../format';
import type { Model } from '../model';
import type { IPanelState } from '../panelState';
import type { Ack, PastTask, StudyInfo } from '../protocol';
import type { Remote } from '../remote';
import { valueOf } from '../remote';
import { Button, Empty, IconButton, Meter, ProblemNote, Section } from './controls';
import { useWords } from './desk';
import { RefreshIcon, StudyStateIcon } from './icons';
import { studyStateText } from './states';

interface IProps {
  readonly model: Model;
  readonly state: IPanelState;
}

export function History({ model, state }: IProps): JSX.Element {
  const shown = state.view.study?.id ?? null;
  React.useEffect(() => {
    void model.fetchStudies();
    void model.fetchExperience();
  }, [model, shown]);
  return (
    <>
      <Studies model={model} studies={state.studies} shown={shown} />
      <Experience model={model} experience={state.experience} shown={state.view.study} />
    </>
  );
}

interface IStudiesProps {
  readonly model: Model;
  readonly studies: Remote<readonly StudyInfo[]>;
  readonly shown: string | null;
}

function Studies({ model, studies, shown }: IStudiesProps): JSX.Element {
  const words = useWords();
  const found = valueOf(studies);
  return (
    <Section
      title={words.__('Studies')}
      aside={
        <IconButton
          icon={RefreshIcon}
          label={words.__('Read the studies again')}
          onClick={() => void model.fetchStudies()}
        />
      }
    >
      {studies.kind === 'failed' && <ProblemNote problem={studies} />}
      {found === null && studies.kind === 'loading' && <Fetching />}
      {found !== null && found.length === 0 && (
        <Empty title={words.__('No study yet')} text={words.__('Every search is kept here and can be taken up again.')}>
          <Button look="main" onClick={() => model.setTab('setup')}>
            {words.__('Set up a search')}
          </Button>
        </Empty>
      )}
      <ul className="jp-XAutoLM-studies">
        {found?.map(study => (
          <StudyItem key={study.id} study={study} isShown={study.id === shown} model={model} />
        ))}
      </ul>
    </Section>
  );
}

interface IStudyItemProps {
  readonly study: StudyInfo;
  readonly isShown: boolean;
  readonly model: Model;
}

function StudyItem({ study, isShown, model }: IStudyItemProps): JSX.Element {
  const words = useWords();
  const facts = [
    studyStateText(words, study.state, null),
    words._n('%1 trial', '%1 trials', study.trials),
    formatSeconds(study.spent_seconds),
    formatTime(study.created_at)
  ];
  return (
    <li aria-current={isShown}>
      <StudyStateIcon state={study.state} />
      <div className="jp-XAutoLM-studyText">
        <div className="jp-XAutoLM-studyHead">
          <span className="jp-XAutoLM-cut" title={`${study.name} · ${study.id}`}>
            {study.name}
          </span>
          <span className="jp-XAutoLM-number">
            {study.best_score === null ? '' : `${study.metric} ${formatScore(study.best_score)}`}
          </span>
        </div>
        <div className="jp-XAutoLM-muted">{facts.join(' · ')}</div>
      </div>
      <Button
        look="quiet"
        disabled={isShown}
        label={isShown ? words.__('%1 is shown', study.name) : words.__('Open %1', study.name)}
        onClick={() => void model.openStudy(study.id)}
      >
        {isShown ? words.__('Shown') : words.__('Open')}
      </Button>
    </li>
  );
}

interface IExperienceProps {
  readonly model: Model;
  readonly experience: Remote<Ack<'experiences'>>;
  readonly shown: StudyInfo | null;
}

function Experience({ model, experience, shown }: IExperienceProps): JSX.Element {
  const words = useWords();
  const found = valueOf(experience);
  return (
    <Section
      title={words.__('Experience')}
      aside={
        <IconButton
          icon={RefreshIcon}
          label={words.__('Read the experience again')}
          onClick={() => void model.fetchExperience()}
        />
      }
    >
      {experience.kind === 'failed' && <ProblemNote problem={experience} />}
      {found === null && experience.kind === 'loading' && <Fetching />}
      {found !== null && (
        <p className="jp-XAutoLM-hint">
          {shown === null
            ? words._n(
                '%1 task in %2. Open a study to see how similar it is.',
                '%1 tasks in %2. Open a study to see which are similar to it.',
                found.total,
                found.store
              )
            : words._n(
                '%1 task in %2.',
                '%1 tasks in %2, the most similar to %3 first.',
                found.total,
                found.store,
                shown.name
              )}
        </p>
      )}
      {found !== null && found.tasks.length === 0 && (
        <Empty
          title={words.__('Nothing learned yet')}
          text={words.__('Each trial is remembered and guides later searches on similar tasks. Run a first search.')}
        >
          <Button look="main" onClick={() => model.setTab('setup')}>
            {words.__('Set up a search')}
          </Button>
        </Empty>
      )}
      <ul className="jp-XAutoLM-tasks">
        {found?.tasks.map((task, index) => (
          <TaskItem key={`${task.name} ${index}`} task={task} />
        ))}
      </ul>
    </Section>
  );
}

function TaskItem({ task }: { task: PastTask }): JSX.Element {
  const words = useWords();
  const { similarity } = task;
  const counts = [
    words._n('%1 trial', '%1 trials', task.trials),
    ...(task.failed > 0 ? [words.__('%1 failed', task.failed)] : []),
    task.kind
  ];
  return (
    <li>
      <div className="jp-XAutoLM-taskHead">
        <strong className="jp-XAutoLM-cut" title={task.name}>
          {task.name}
        </strong>
        {similarity !== null && (
          <>
            <Meter
              label={words.__('Similarity of %1', task.name)}
              share={similarity}
              text={formatPercent(similarity)}
              look="calm"
            />
            <span className="jp-XAutoLM-muted">{words.__('%1 similar', formatPercent(similarity))}</span>
          </>
        )}
      </div>
      <div className="jp-XAutoLM-muted">{counts.join(' · ')}</div>
      {task.best !== null && (
        <div>
          {words.__('best %1 %2', task.metric, formatScore(task.best))}
          {task.best_config !== '' && <span className="jp-XAutoLM-muted"> · {task.best_config}</span>}
        </div>
      )}
    </li>
  );
}

function Fetching(): JSX.Element {
  const words = useWords();
  return (
    <p className="jp-XAutoLM-hint" role="status">
      {words.__('Fetching…')}
    </p>
  );
}
