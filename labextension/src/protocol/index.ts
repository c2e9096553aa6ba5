/** The wire protocol between panel and kernel. Nothing here knows JupyterLab. */

export * from './messages';
export * from './objects';
export { MessageError, VersionError } from './decode';
