/** The sidebar widget that holds the React panel. */

import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import { searchIcon } from './icon';
import type { PageMemory } from './memory';
import { isLive } from './state';
import type { IDesk } from './view/desk';
import { DeskProvider } from './view/desk';
import type { IModelSource } from './view/Panel';
import { Panel } from './view/Panel';

export const PANEL_ID = 'xautolm-panel';

const ALIVE_MS = 4 * 60 * 1000;

export class PanelWidget extends ReactWidget {
  private readonly timer: number;

  constructor(
    private readonly source: IModelSource,
    private readonly desk: () => IDesk,
    private readonly memory: PageMemory
  ) {
    super();
    const { words } = desk();
    this.id = PANEL_ID;
    this.addClass('jp-XAutoLM');
    this.title.icon = searchIcon;
    this.title.caption = words.__('XAutoLM: search for a fine-tuned model');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', words.__('XAutoLM'));
    this.node.tabIndex = -1;
    document.addEventListener('visibilitychange', this.catchUp);
    this.timer = window.setInterval(this.catchUp, ALIVE_MS);
  }

  override dispose(): void {
    document.removeEventListener('visibilitychange', this.catchUp);
    window.clearInterval(this.timer);
    super.dispose();
  }

  /** The kernel says less to pages it has not heard from for long, so one that is looked at gives a sign of life. */
  private readonly catchUp = (): void => {
    const { model } = this.source;
    if (document.visibilityState === 'visible' && this.isVisible && isLive(model?.state.view.study ?? null)) {
      void model?.refresh();
    }
  };

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.memory.wasOpen = true;
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.memory.wasOpen = false;
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.node.focus();
  }

  protected override render(): JSX.Element {
    return (
      <DeskProvider value={this.desk()}>
        <Panel source={this.source} />
      </DeskProvider>
    );
  }
}
