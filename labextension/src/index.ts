import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IConsoleTracker } from '@jupyterlab/console';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';

import { COMMANDS, addCommands, followStudy } from './commands';
import { searchIconUrl } from './icon';
import { Model } from './model';
import { PageMemory } from './memory';
import { insertCode } from './notebook';
import { PANEL_ID, PanelWidget } from './panel';
import type { ISettings } from './settings';
import { DEFAULTS, readSettings } from './settings';
import { KernelTracker } from './tracker';
import type { IHost } from './view/desk';

const PLUGIN = 'xautolm-nb:plugin';
const RANK = 900;
const REOPEN_MS = 300;

/** The user's settings, kept up to date; the defaults until they are read, and where they cannot be. */
class SettingsKeeper {
  current: ISettings = DEFAULTS;
  private store: ISettingRegistry.ISettings | null = null;

  /** Calls back once the settings are read, and on each change. */
  read(registry: ISettingRegistry, onChange: () => void): void {
    registry.load(PLUGIN).then(
      store => {
        const update = (): void => {
          this.current = readSettings(store.composite);
          onChange();
        };
        this.store = store;
        store.changed.connect(update);
        update();
      },
      () => onChange()
    );
  }

  setLoadByItself(value: boolean): void {
    void this.store?.set('loadByItself', value);
  }
}

/** Launcher cards, shown or not as the settings say. */
function launcherCards(launcher: ILauncher, category: string): (settings: ISettings) => void {
  let cards: IDisposable[] = [];
  return settings => {
    cards.forEach(card => card.dispose());
    const commands = settings.showInLauncher ? [COMMANDS.newSearch, COMMANDS.open] : [];
    cards = commands.map((command, index) =>
      launcher.add({ command, category, kernelIconUrl: searchIconUrl, rank: 100 + index })
    );
  };
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN,
  description: 'A panel, commands and launcher cards to search for a fine-tuned language model.',
  autoStart: true,
  requires: [ISettingRegistry],
  optional: [ICommandPalette, IConsoleTracker, ILauncher, ILayoutRestorer, INotebookTracker, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    registry: ISettingRegistry,
    palette: ICommandPalette | null,
    consoles: IConsoleTracker | null,
    launcher: ILauncher | null,
    restorer: ILayoutRestorer | null,
    notebooks: INotebookTracker | null,
    translator: ITranslator | null
  ): void => {
    const words = (translator ?? nullTranslator).load('xautolm_nb');
    const keeper = new SettingsKeeper();
    const memory = new PageMemory(window.sessionStorage);
    const wasOpen = memory.wasOpen;
    const settings = (): ISettings => keeper.current;
    const tracker = new KernelTracker(notebooks, consoles, kernel => new Model(kernel, settings, memory));
    const host: IHost = {
      newSearch: () => void app.commands.execute(COMMANDS.newSearch),
      insertCode: code => tracker.place !== null && insertCode(tracker.place, code),
      restartKernel: () => void tracker.place?.widget.sessionContext.restartKernel(),
      setLoadByItself: value => keeper.setLoadByItself(value)
    };
    const panel = new PanelWidget(tracker, () => ({ words, host, settings: settings() }), memory);
    const openPanel = (): void => app.shell.activateById(PANEL_ID);
    addCommands({ app, words, settings, model: () => tracker.model, openPanel }, palette);
    followStudy(app, tracker);
    const showCards = launcher === null ? null : launcherCards(launcher, words.__('Notebook'));
    let side: ISettings['side'] | null = null;
    keeper.read(registry, () => {
      showCards?.(settings());
      // Only a change of the setting moves the panel: a person may have moved it by hand.
      if (side !== settings().side) {
        side = settings().side;
        app.shell.add(panel, side, { rank: RANK });
        // JupyterLab opens its sidebars again after a reload; Notebook closes them, a moment after it is restored.
        void app.restored.then(() => setTimeout(() => wasOpen && !panel.isVisible && openPanel(), REOPEN_MS));
      }
      panel.update();
    });
    restorer?.add(panel, PANEL_ID);
  }
};

export default plugin;
