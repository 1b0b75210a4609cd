export { type EmbeddedCluster, findRunningCluster, type StartOptions, startCluster } from './cluster';
export { EmbeddedPostgresError } from './error';
