/** Write the best model to a folder that Transformers loads. */

import * as React from 'react';

import type { Model } from '../model';
import type { Remote } from '../remote';
import { Button, Field, Note, ProblemNote, Section, Text } from './controls';
import { useWords } from './desk';

const FOLDER = 'exported-model';

export function ExportForm({ model, exported }: { model: Model; exported: Remote<string> }): JSX.Element {
  const words = useWords();
  const [folder, setFolder] = React.useState(FOLDER);
  const isBusy = exported.kind === 'loading';
  return (
    <Section title={words.__('Export the best model')}>
      <div className="jp-XAutoLM-row">
        <Field label={words.__('New folder')} hint={words.__('Beside the notebook, unless you name a full path.')}>
          {ids => <Text {...ids} value={folder} onChange={setFolder} />}
        </Field>
        <Button disabled={isBusy || folder.trim() === ''} onClick={() => void model.export(folder.trim())}>
          {isBusy ? words.__('Exporting…') : words.__('Export')}
        </Button>
      </div>
      {exported.kind === 'ready' && <Note look="info" message={words.__('The model lies in %1', exported.value)} />}
      {exported.kind === 'failed' && <ProblemNote problem={exported} />}
    </Section>
  );
}
