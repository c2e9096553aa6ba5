/** The states in words. */

import type { StudyState, TrialState } from '../protocol';
import type { Asked } from '../panelState';
import type { Words } from './desk';

export function studyStateText(words: Words, state: StudyState, asked: Asked | null): string {
  if (asked !== null) {
    return { pause: words.__('pausing…'), resume: words.__('resuming…'), stop: words.__('stopping…') }[asked];
  }
  const texts: Readonly<Record<StudyState, string>> = {
    created: words.__('starting'),
    running: words.__('running'),
    paused: words.__('paused'),
    interrupted: words.__('interrupted'),
    finished: words.__('finished'),
    stopped: words.__('stopped'),
    failed: words.__('failed')
  };
  return texts[state];
}

export function trialStateText(words: Words, state: TrialState): string {
  const texts: Readonly<Record<TrialState, string>> = {
    queued: words.__('queued'),
    running: words.__('running'),
    paused: words.__('paused'),
    complete: words.__('complete'),
    failed: words.__('failed')
  };
  return texts[state];
}

/** `out_of_memory` as people say it. */
export function failureText(kind: string): string {
  return kind.replace(/_/g, ' ');
}
