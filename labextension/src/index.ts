import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';

import { searchIcon, searchIconUrl } from './icon';
import { newNotebook, searchCells } from './notebook';

const PLUGIN = 'xautolm-nb:plugin';
const NEW_SEARCH = 'xautolm:new-search';
const FALLBACK_BUDGET = '30m';

/** The launcher card, shown or not as the settings say, now and after each change. */
function followLauncherSetting(settings: ISettingRegistry.ISettings, addCard: () => IDisposable): void {
  let card: IDisposable | null = null;
  const update = (): void => {
    card?.dispose();
    card = settings.composite['showInLauncher'] === false ? null : addCard();
  };
  settings.changed.connect(update);
  update();
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN,
  description: 'Starts a search for a fine-tuned language model from the launcher, the File menu or the palette.',
  autoStart: true,
  requires: [ISettingRegistry],
  optional: [ICommandPalette, ILauncher, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    registry: ISettingRegistry,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('xautolm_nb');
    const loaded = registry.load(PLUGIN);
    const budget = async (): Promise<string> => {
      const value = (await loaded.catch(() => null))?.composite['budget'];
      return typeof value === 'string' ? value : FALLBACK_BUDGET;
    };

    app.commands.addCommand(NEW_SEARCH, {
      label: args => (args['isPalette'] === true ? trans.__('New XAutoLM Search') : trans.__('XAutoLM Search')),
      caption: trans.__('Create a notebook that searches for a fine-tuned language model on your data'),
      icon: args => (args['isPalette'] === true ? undefined : searchIcon),
      execute: async args => {
        const cwd = args['cwd'];
        return newNotebook(app, searchCells(await budget()), typeof cwd === 'string' ? cwd : undefined);
      }
    });
    palette?.addItem({ command: NEW_SEARCH, category: trans.__('XAutoLM'), args: { isPalette: true } });
    if (launcher !== null) {
      const category = trans.__('Notebook');
      const addCard = (): IDisposable =>
        launcher.add({ command: NEW_SEARCH, category, kernelIconUrl: searchIconUrl, rank: 100 });
      loaded.then(
        settings => followLauncherSetting(settings, addCard),
        () => void addCard()
      );
    }
  }
};

export default plugin;
