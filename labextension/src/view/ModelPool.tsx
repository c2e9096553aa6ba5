/** Which pretrained models and methods the search may use, and which this machine can hold. */

import * as React from 'react';

import { METHODS, chosenModels, fittingFirst } from '../draft';
import { formatGib, formatMegabytes, formatMillions, shortModel } from '../format';
import type { Model } from '../model';
import type { Ack, Device, PoolModel } from '../protocol';
import type { Remote } from '../remote';
import { valueOf } from '../remote';
import { Button, Check, Empty, ProblemNote, Section } from './controls';
import type { Words } from './desk';
import { useWords } from './desk';
import type { IFieldsProps } from './Setup';

interface IProps extends IFieldsProps {
  readonly pool: Remote<Ack<'models'>>;
  readonly model: Model;
}

export function ModelPool({ draft, onChange, pool, model }: IProps): JSX.Element {
  const words = useWords();
  const found = valueOf(pool);
  const retry = (): void => void model.fetchPool();
  return (
    <Section
      title={words.__('Models and methods')}
      aside={found !== null && <span className="jp-XAutoLM-muted">{machineText(words, found.machine)}</span>}
    >
      {pool.kind === 'failed' && (
        <ProblemNote problem={pool}>
          <Button onClick={retry}>{words.__('Try again')}</Button>
        </ProblemNote>
      )}
      {pool.kind === 'loading' && found === null && (
        <p className="jp-XAutoLM-hint" role="status">
          {words.__('Looking at the models and the machine…')}
        </p>
      )}
      {found !== null && found.models.length === 0 && (
        <Empty
          title={words.__('No models')}
          text={words.__('Put a model into the hub cache or a local folder, or go online, then look again.')}
        >
          <Button onClick={retry}>{words.__('Look again')}</Button>
        </Empty>
      )}
      {found !== null && found.models.length > 0 && (
        <Models
          models={found.models}
          chosen={chosenModels(draft, found.models)}
          onChange={models => onChange({ models })}
        />
      )}
      <fieldset className="jp-XAutoLM-methods">
        <legend>{words.__('Methods')}</legend>
        {METHODS.map(method => (
          <Check
            key={method}
            checked={draft.methods.includes(method)}
            onChange={on =>
              onChange({ methods: METHODS.filter(other => (other === method ? on : draft.methods.includes(other))) })
            }
          >
            {methodText(words, method)}
          </Check>
        ))}
      </fieldset>
    </Section>
  );
}

interface IModelsProps {
  readonly models: readonly PoolModel[];
  readonly chosen: readonly string[];
  /** Null stands for all that fit, whatever the pool will be. */
  readonly onChange: (models: readonly string[] | null) => void;
}

function Models({ models, chosen, onChange }: IModelsProps): JSX.Element {
  const words = useWords();
  const fitting = models.filter(model => model.fits).length;
  const [open, setOpen] = React.useState(models.length <= 6);
  const toggle = (id: string, on: boolean): void => {
    const next = models.filter(model => (model.id === id ? on : chosen.includes(model.id)));
    const isDefault = models.every(model => next.includes(model) === model.fits);
    onChange(isDefault ? null : next.map(model => model.id));
  };
  return (
    <div className="jp-XAutoLM-pool">
      <div className="jp-XAutoLM-poolHead">
        <button type="button" className="jp-XAutoLM-link" aria-expanded={open} onClick={() => setOpen(!open)}>
          {words.__('%1 of %2 models chosen', chosen.length, models.length)}
        </button>
        {!open && <span className="jp-XAutoLM-muted">{words.__('%1 fit this machine', fitting)}</span>}
        {open && (
          <>
            <button type="button" className="jp-XAutoLM-link" onClick={() => onChange(null)}>
              {words.__('All that fit')}
            </button>
            <button type="button" className="jp-XAutoLM-link" onClick={() => onChange([])}>
              {words.__('None')}
            </button>
          </>
        )}
      </div>
      {open && (
        <ul>
          {fittingFirst(models).map(model => (
            <ModelItem
              key={model.id}
              model={model}
              checked={chosen.includes(model.id)}
              onChange={on => toggle(model.id, on)}
            />
          ))}
        </ul>
      )}
    </div>
  );
}

interface IModelItemProps {
  readonly model: PoolModel;
  readonly checked: boolean;
  readonly onChange: (on: boolean) => void;
}

function ModelItem({ model, checked, onChange }: IModelItemProps): JSX.Element {
  const words = useWords();
  return (
    <li className={model.fits ? undefined : 'jp-mod-unfit'}>
      <Check checked={checked} disabled={!model.fits && !checked} onChange={onChange}>
        <span className="jp-XAutoLM-cut" title={model.id}>
          {shortModel(model.id)}
        </span>
        <span className="jp-XAutoLM-muted" title={words.__('parameters, size on disk')}>
          {formatMillions(model.parameters_millions)} · {formatMegabytes(model.size_mb)}
        </span>
        <span className={model.fits ? 'jp-XAutoLM-muted' : 'jp-XAutoLM-failure'}>
          {model.fits ? words.__('fits: %1', model.reason) : words.__('does not fit: %1', model.reason)}
          {model.licence !== '' && <span className="jp-XAutoLM-muted"> · {model.licence}</span>}
        </span>
      </Check>
    </li>
  );
}

function machineText(words: Words, machine: Device): string {
  const memory = machine.gpu_memory_gib ?? machine.host_memory_gib;
  return words.__('%1, %2', machine.name, formatGib(memory));
}

function methodText(words: Words, method: (typeof METHODS)[number]): string {
  const texts = {
    full: words.__('full fine-tuning'),
    partial: words.__('upper layers'),
    lora: words.__('LoRA'),
    head: words.__('head only')
  };
  return texts[method];
}
