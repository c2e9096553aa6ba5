/** The line that stays on the screen in every tab: which study, how it stands, and the buttons that steer it. */

import * as React from 'react';

import { formatScore, formatSeconds } from '../format';
import type { Model } from '../model';
import type { IPanelState } from '../panelState';
import type { StudyInfo } from '../protocol';
import { isLive } from '../state';
import { IconButton, Meter } from './controls';
import { useWords } from './desk';
import { PauseIcon, PlayIcon, StopIcon, StudyStateIcon } from './icons';
import { studyStateText } from './states';

interface IProps {
  readonly model: Model;
  readonly state: IPanelState;
}

export function StudyBar({ model, state }: IProps): JSX.Element | null {
  const words = useWords();
  const { study } = state.view;
  if (study === null) {
    return null;
  }
  const spent = formatSeconds(study.spent_seconds);
  const budget = formatSeconds(study.budget_seconds);
  return (
    <header className="jp-XAutoLM-bar" aria-label={words.__('Study %1', study.name)}>
      <div className="jp-XAutoLM-barLine">
        <StudyStateIcon state={study.state} />
        <strong title={`${study.name} · ${study.id}`}>{study.name}</strong>
        <span className="jp-XAutoLM-muted" role="status">
          {studyStateText(words, study.state, state.asked)}
        </span>
        <span className="jp-XAutoLM-barScore" title={words.__('Best %1', study.metric)}>
          {study.best_score !== null && (
            <>
              <span>{study.metric} </span>
              {formatScore(study.best_score)}
            </>
          )}
        </span>
        <Steering model={model} state={state} study={study} />
      </div>
      <Meter
        label={words.__('Budget spent')}
        share={study.spent_seconds / Math.max(study.budget_seconds, 1e-9)}
        text={words.__('%1 of %2', spent, budget)}
        look={study.state === 'running' ? 'main' : 'calm'}
      />
    </header>
  );
}

/** Pause and resume are one button, so that the focus stays where it was when the state changes. */
function Steering({ model, state, study }: IProps & { study: StudyInfo }): JSX.Element {
  const words = useWords();
  const isSpent = study.spent_seconds >= study.budget_seconds;
  const isRunning = study.state === 'running' || study.state === 'created';
  const resume = (): void => (isSpent ? model.setTab('run') : void model.resume());
  const resumeText = isSpent ? words.__('Resume with more time') : words.__('Resume');
  return (
    <span className="jp-XAutoLM-steering" role="toolbar" aria-label={words.__('Steer the study')}>
      <IconButton
        icon={isRunning ? PauseIcon : PlayIcon}
        label={isRunning ? words.__('Pause') : resumeText}
        waits={state.asked !== null}
        onClick={() => (isRunning ? void model.pause() : resume())}
      />
      <IconButton
        icon={StopIcon}
        label={words.__('Stop')}
        waits={state.asked === 'stop' || !(isLive(study) || study.state === 'created')}
        onClick={() => void model.stop()}
      />
    </span>
  );
}
