/** The user's settings, read once and again after each change. */

import type { ISettingRegistry } from '@jupyterlab/settingregistry';

export interface ISettings {
  readonly budget: string;
  /** The panel redraws at most once in this many milliseconds. */
  readonly refreshMs: number;
  /** Newest trials that the table shows. */
  readonly rows: number;
  readonly side: 'left' | 'right';
  /** Whether the fixed line that loads the package runs without a click. */
  readonly loadByItself: boolean;
  readonly showInLauncher: boolean;
}

/** The same as in schema/plugin.json, for pages whose settings cannot be read. */
export const DEFAULTS: ISettings = {
  budget: '30m',
  refreshMs: 250,
  rows: 2000,
  side: 'left',
  loadByItself: false,
  showInLauncher: true
};

export function readSettings(composite: ISettingRegistry.ISettings['composite']): ISettings {
  const number = (name: string, fallback: number): number => {
    const value = composite[name];
    return typeof value === 'number' && Number.isFinite(value) ? value : fallback;
  };
  const { budget } = composite;
  return {
    budget: typeof budget === 'string' ? budget : DEFAULTS.budget,
    refreshMs: 1000 * number('refresh', DEFAULTS.refreshMs / 1000),
    rows: number('rows', DEFAULTS.rows),
    side: composite['side'] === 'right' ? 'right' : 'left',
    loadByItself: composite['loadByItself'] === true,
    showInLauncher: composite['showInLauncher'] !== false
  };
}
