/** What the palette, the launcher and the menus can ask for. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';

import { searchIcon } from './icon';
import type { Model } from './model';
import { newNotebook, searchCells } from './notebook';
import { complaints } from './draft';
import { isLive } from './state';
import type { ISettings } from './settings';
import type { Words } from './view/desk';
import type { IModelSource } from './view/Panel';

export const COMMANDS = {
  newSearch: 'xautolm:new-search',
  open: 'xautolm:open-panel',
  start: 'xautolm:start',
  pause: 'xautolm:pause',
  resume: 'xautolm:resume',
  stop: 'xautolm:stop'
} as const;

export interface ICommandContext {
  readonly app: JupyterFrontEnd;
  readonly words: Words;
  readonly settings: () => ISettings;
  /** The model of the followed kernel. */
  readonly model: () => Model | null;
  readonly openPanel: () => void;
}

export function addCommands(context: ICommandContext, palette: ICommandPalette | null): void {
  addOpeners(context);
  addSteering(context);
  const category = context.words.__('XAutoLM');
  for (const command of Object.values(COMMANDS)) {
    palette?.addItem({ command, category, args: { isPalette: true } });
  }
}

function addOpeners({ app, words, settings, openPanel }: ICommandContext): void {
  app.commands.addCommand(COMMANDS.newSearch, {
    label: args => (args['isPalette'] === true ? words.__('New XAutoLM Search') : words.__('XAutoLM Search')),
    caption: words.__('Create a notebook that searches for a fine-tuned language model on your data'),
    icon: args => (args['isPalette'] === true ? undefined : searchIcon),
    execute: async args => {
      const cwd = args['cwd'];
      return newNotebook(app, searchCells(settings().budget), typeof cwd === 'string' ? cwd : undefined);
    }
  });
  app.commands.addCommand(COMMANDS.open, {
    label: args => (args['isPalette'] === true ? words.__('Open the XAutoLM Panel') : words.__('XAutoLM Panel')),
    caption: words.__('Set up, watch and steer searches of the active notebook'),
    icon: args => (args['isPalette'] === true ? undefined : searchIcon),
    execute: () => openPanel()
  });
}

/** Each is offered only when it would do something. */
function addSteering({ app, words, model, openPanel }: ICommandContext): void {
  const study = (): NonNullable<Model['state']['view']['study']> | null => {
    const state = model()?.state;
    return state?.link.kind === 'ready' ? state.view.study : null;
  };
  app.commands.addCommand(COMMANDS.start, {
    label: words.__('Start the Search of the XAutoLM Panel'),
    caption: words.__('Start what the form says; opens the form when something is missing'),
    execute: async () => {
      const current = model();
      openPanel();
      if (current?.state.link.kind !== 'ready' || complaints(current.state.draft).length > 0) {
        current?.setTab('setup');
        return;
      }
      if (!(await current.start())) {
        current.setTab('setup');
      }
    }
  });
  app.commands.addCommand(COMMANDS.pause, {
    label: words.__('Pause the XAutoLM Study'),
    isEnabled: () => study()?.state === 'running',
    execute: async () => model()?.pause()
  });
  app.commands.addCommand(COMMANDS.resume, {
    label: words.__('Resume the XAutoLM Study'),
    isEnabled: () => {
      const shown = study();
      return shown !== null && shown.state !== 'running' && shown.state !== 'created';
    },
    execute: async () => {
      const shown = study();
      if (shown !== null && shown.spent_seconds >= shown.budget_seconds) {
        openPanel();
        model()?.setTab('run');
      } else {
        await model()?.resume();
      }
    }
  });
  app.commands.addCommand(COMMANDS.stop, {
    label: words.__('Stop the XAutoLM Study'),
    isEnabled: () => isLive(study()),
    execute: async () => model()?.stop()
  });
}

/** Say that what is offered has changed when the study's state has. */
export function followStudy(app: JupyterFrontEnd, source: IModelSource): void {
  const followed = new WeakSet<Model>();
  let told = '';
  const look = (): void => {
    const { link, view } = source.model?.state ?? { link: null, view: null };
    const now = `${link?.kind ?? ''} ${view?.study?.id ?? ''} ${view?.study?.state ?? ''}`;
    if (now !== told) {
      told = now;
      [COMMANDS.pause, COMMANDS.resume, COMMANDS.stop].forEach(command => app.commands.notifyCommandChanged(command));
    }
  };
  source.changed.connect(() => {
    const { model } = source;
    if (model !== null && !followed.has(model)) {
      followed.add(model);
      model.changed.connect(look);
    }
    look();
  });
}
