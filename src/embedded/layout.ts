import path from 'node:path';

/** The folder name under /var/lib and the like; also says in a marker file that a folder is ours. */
export const APP = 'billing-access-delegation';

/** Where everything of one cluster lies. `home` is the data folder itself, or the place its pointer names. */
export interface Layout {
  readonly home: string;
  /** PostgreSQL's own data folder. */
  readonly cluster: string;
  /** The superuser's password (mode 0600), made together with the cluster. */
  readonly password: string;
  /** There when the cluster may be thrown away. */
  readonly ephemeralMark: string;
  readonly lock: string;
  readonly log: string;
  readonly previousLog: string;
}

/** The files of the cluster that lives in `home`. */
export function layoutOf(home: string): Layout {
  const cluster = path.join(home, 'postgres');
  return {
    home,
    cluster,
    password: path.join(cluster, 'superuser-password'),
    ephemeralMark: path.join(cluster, 'throw-away'),
    lock: path.join(home, 'postgres.lock'),
    log: path.join(home, 'postgres.log'),
    previousLog: path.join(home, 'postgres.log.1'),
  };
}

/** In a data folder that the server's user cannot reach: the path of the home outside it. */
export const POINTER_FILE = 'postgres.location';
/** In a home outside: the data folder that it belongs to. */
export const ORIGIN_FILE = 'belongs-to';
/** Half-made clusters lie in folders of this prefix; each holds the marker file once it is ours to delete. */
export const STAGE_PREFIX = '.postgres-init-';
export const STAGE_MARKER = `made-by-${APP}`;
