/** What the panel shows while it is not connected: each reason has its own words and its own way out. */

import * as React from 'react';

import type { Link } from '../link';
import { LOAD_LINE } from '../kernel';
import type { Model } from '../model';
import type { IProblem } from '../remote';
import { Button, Check, Empty, ProblemNote } from './controls';
import { useDesk, useWords } from './desk';

interface IProps {
  readonly link: Link;
  readonly model: Model | null;
  readonly problem: IProblem | null;
}

export function LinkView(props: IProps): JSX.Element {
  return (
    <div className="jp-XAutoLM-page">
      <Case {...props} />
      {props.problem !== null && <ProblemNote problem={props.problem} />}
    </div>
  );
}

function Case({ link, model, problem }: IProps): JSX.Element {
  const words = useWords();
  switch (link.kind) {
    case 'no-kernel':
      return (
        <Empty
          title={words.__('No notebook is open')}
          text={words.__('Open a notebook or a console with a Python kernel; this panel follows the one you use.')}
        >
          <NewSearch />
        </Empty>
      );
    case 'starting':
    case 'restarting':
      return <Empty busy title={words.__('The kernel is starting…')} text={words.__('This takes a few seconds.')} />;
    case 'asking':
      return (
        <Empty
          busy
          title={words.__('Looking for XAutoLM in the kernel…')}
          text={words.__('A kernel that runs a cell answers when the cell is done.')}
        />
      );
    case 'loading':
      return (
        <Empty
          busy
          title={words.__('Loading XAutoLM…')}
          text={words.__('The kernel runs %1. A kernel that runs a cell does so when the cell is done.', LOAD_LINE)}
        />
      );
    case 'connecting':
    case 'ready':
    case 'offline':
      return (
        <Empty
          busy={problem === null}
          title={words.__('Connecting…')}
          text={words.__('Fetching what the kernel knows.')}
        >
          <Button onClick={() => void model?.refresh()}>{words.__('Try again')}</Button>
        </Empty>
      );
    case 'absent':
      return <Absent model={model} />;
    case 'refused':
      return <Refused message={link.message} model={model} />;
    case 'unsupported':
      return (
        <Empty
          title={words.__('This kernel speaks %1', link.language)}
          text={words.__('XAutoLM runs in Python kernels. Choose one for this notebook, or start a new search.')}
        >
          <NewSearch />
        </Empty>
      );
    case 'deaf':
      return (
        <Empty
          title={words.__('The connection belongs to another view')}
          text={words.__('Another view of this page was first to open this kernel and is gone. Reload the page.')}
        />
      );
    case 'dead':
      return <Dead />;
    case 'version':
      return (
        <Empty
          title={words.__('Package and extension do not match')}
          text={words.__(
            'The kernel speaks protocol %1, this page 1. Update package and extension, restart kernel and page.',
            link.theirs
          )}
        />
      );
  }
}

function NewSearch(): JSX.Element {
  const { host, words } = useDesk();
  return (
    <Button look="main" onClick={() => host.newSearch()}>
      {words.__('New search notebook')}
    </Button>
  );
}

function Absent({ model }: { model: Model | null }): JSX.Element {
  const { host, settings, words } = useDesk();
  return (
    <Empty
      title={words.__('XAutoLM is not loaded in this kernel')}
      text={words.__('Loading it runs one line in the kernel: %1', LOAD_LINE)}
    >
      <Button look="main" onClick={() => void model?.load()}>
        {words.__('Load XAutoLM')}
      </Button>
      <Check checked={settings.loadByItself} onChange={value => host.setLoadByItself(value)}>
        {words.__('Load it by itself from now on')}
      </Check>
    </Empty>
  );
}

function Refused({ message, model }: { message: string; model: Model | null }): JSX.Element {
  const words = useWords();
  return (
    <>
      <Empty
        title={words.__('XAutoLM could not be loaded')}
        text={words.__(
          'Install the package where this kernel runs (pip install xautolm-nb), restart the kernel, try again.'
        )}
      >
        <Button look="main" onClick={() => void model?.load()}>
          {words.__('Try again')}
        </Button>
      </Empty>
      <ProblemNote problem={{ message, hint: '' }} />
    </>
  );
}

function Dead(): JSX.Element {
  const { host, words } = useDesk();
  return (
    <Empty
      title={words.__('The kernel is gone')}
      text={words.__(
        'Finished trials are in the store. Restart the kernel, load XAutoLM, and open the study under History.'
      )}
    >
      <Button look="main" onClick={() => host.restartKernel()}>
        {words.__('Restart the kernel')}
      </Button>
    </Empty>
  );
}
