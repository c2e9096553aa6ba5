import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { NotebookPanel } from '@jupyterlab/notebook';

import type { Place } from './tracker';

/** A cell of the new notebook, in nbformat's words. */
export interface ICellTemplate {
  cell_type: 'code' | 'markdown';
  source: string;
}

/** The cells of a new search: ready to run once the file and its two columns are named. */
export function searchCells(budget: string): ICellTemplate[] {
  return [
    {
      cell_type: 'markdown',
      source:
        '# A new search\n\n' +
        'Name your data and its columns, then run the cells from top to bottom. ' +
        'The search runs in the background; the notebook stays free.'
    },
    { cell_type: 'code', source: '%load_ext xautolm_nb\nfrom xautolm_nb import tune' },
    {
      cell_type: 'code',
      source:
        'session = tune(\n' +
        '    "data.csv",  # CSV, JSONL, Parquet, a DataFrame, a datasets.Dataset or a hub id\n' +
        '    text="text",\n' +
        '    label="label",\n' +
        `    budget="${budget}",\n` +
        ')'
    },
    { cell_type: 'code', source: 'session.trials' },
    { cell_type: 'code', source: 'session.wait()\nsession.report()' },
    { cell_type: 'code', source: 'session.export("exported-model")' }
  ];
}

/**
 * Create a notebook in `cwd`, fill it with `cells` and show it.
 *
 * The server's default kernel is used, so that no dialog asks for one; without it JupyterLab asks as usual.
 */
export async function newNotebook(app: JupyterFrontEnd, cells: ICellTemplate[], cwd?: string): Promise<NotebookPanel> {
  await app.serviceManager.kernelspecs.ready;
  const kernelName = app.serviceManager.kernelspecs.specs?.default;
  const panel: NotebookPanel = await app.commands.execute('notebook:create-new', {
    ...(cwd === undefined ? {} : { cwd }),
    ...(kernelName === undefined ? {} : { kernelName })
  });
  await panel.context.ready;
  const shared = panel.content.model?.sharedModel;
  shared?.transact(() => {
    const empty = shared.cells.length;
    shared.insertCells(
      0,
      cells.map(cell => ({ ...cell, metadata: cell.cell_type === 'code' ? { trusted: true } : {} }))
    );
    shared.deleteCellRange(cells.length, cells.length + empty);
  });
  panel.content.activeCellIndex = 0;
  return panel;
}

/** Write code where the person works, without running it: below the active cell, or at the console's prompt. */
export function insertCode(place: Place, code: string): void {
  if (place.kind === 'console') {
    place.widget.console.promptCell?.model.sharedModel.setSource(code);
    return;
  }
  const { content } = place.widget;
  const shared = content.model?.sharedModel;
  if (shared !== undefined) {
    const index = Math.min(content.activeCellIndex + 1, shared.cells.length);
    shared.insertCell(index, { cell_type: 'code', source: code, metadata: { trusted: true } });
    content.activeCellIndex = index;
  }
}
