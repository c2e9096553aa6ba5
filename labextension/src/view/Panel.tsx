/** The whole panel: where the kernel stands, or the study with its four tabs. */

import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

import type { Model } from '../model';
import type { IPanelState, Tab } from '../panelState';
import { ProblemNote, Note } from './controls';
import { useSignalled, useWords } from './desk';
import { History } from './History';
import { LinkView } from './LinkView';
import { Run } from './Run';
import { Setup } from './Setup';
import { StudyBar } from './StudyBar';
import { Tabs } from './Tabs';
import { Trials } from './Trials';

/** Where the panel gets the model of the followed kernel from. */
export interface IModelSource {
  readonly changed: ISignal<IModelSource, void>;
  readonly model: Model | null;
}

export function Panel({ source }: { source: IModelSource }): JSX.Element {
  const model = useSignalled(source.changed, () => source.model);
  return (
    <div className="jp-XAutoLM-panel">
      {model === null ? (
        <LinkView link={{ kind: 'no-kernel' }} model={null} problem={null} />
      ) : (
        <Followed model={model} />
      )}
    </div>
  );
}

/** Links whose view is the study, dimmed or not; all others have nothing to show but themselves. */
const SHOWN = new Set(['ready', 'offline', 'connecting']);

function Followed({ model }: { model: Model }): JSX.Element {
  const state = useSignalled(model.changed, () => model.state);
  const { link, view, problem } = state;
  const wasReady = state.packageVersion !== '';
  if (!SHOWN.has(link.kind) || (link.kind === 'connecting' && !wasReady)) {
    return <LinkView link={link} model={model} problem={problem} />;
  }
  const tab: Tab = state.tab ?? (view.study === null ? 'setup' : 'run');
  return (
    <>
      <StudyBar model={model} state={state} />
      <Notices model={model} state={state} />
      <Tabs tab={tab} trials={view.trialsTotal} onChange={next => model.setTab(next)}>
        <Page tab={tab} model={model} state={state} />
      </Tabs>
    </>
  );
}

function Page({ tab, model, state }: { tab: Tab; model: Model; state: IPanelState }): JSX.Element {
  switch (tab) {
    case 'setup':
      return <Setup model={model} state={state} />;
    case 'run':
      return <Run model={model} state={state} />;
    case 'trials':
      return <Trials model={model} state={state} />;
    case 'history':
      return <History model={model} state={state} />;
  }
}

function Notices({ model, state }: { model: Model; state: IPanelState }): JSX.Element {
  const words = useWords();
  const { link, late, problem, other } = state;
  return (
    <>
      {link.kind === 'offline' && (
        <Note
          look="warning"
          message={words.__('The connection to the kernel is lost.')}
          hint={words.__('The search goes on; the view catches up when the connection is back.')}
        />
      )}
      {late.length > 0 && link.kind === 'ready' && (
        <Note
          look="info"
          message={words.__('The kernel has not answered yet.')}
          hint={words.__('It may be running a cell; what you asked for is done as soon as it is free.')}
        />
      )}
      {problem !== null && (
        <ProblemNote problem={problem}>
          <div className="jp-XAutoLM-actions">
            <button type="button" className="jp-XAutoLM-link" onClick={() => void model.refresh()}>
              {words.__('Refresh')}
            </button>
            <button type="button" className="jp-XAutoLM-link" onClick={() => model.dismiss()}>
              {words.__('Dismiss')}
            </button>
          </div>
        </ProblemNote>
      )}
      {other !== null && (
        <Note look="info" message={words.__('%1 is %2 in this kernel too.', other.name, other.state)}>
          <div className="jp-XAutoLM-actions">
            <button type="button" className="jp-XAutoLM-link" onClick={() => void model.openStudy(other.id)}>
              {words.__('Show it')}
            </button>
            <button type="button" className="jp-XAutoLM-link" onClick={() => model.dismiss()}>
              {words.__('Dismiss')}
            </button>
          </div>
        </Note>
      )}
    </>
  );
}
