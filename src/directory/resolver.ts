import { Arg, Args, Ctx, ID, ObjectType, Query, Resolver } from 'type-graphql';
import { reachesClinic } from '../access/viewer';
import { viewOfBill } from '../audit';
import type { RequestContext } from '../context';
import { fromGlobalId, type NodeType } from '../global-id';
import { NodeInterface } from '../node';
import { connectionTypes, PageArgs, pageWindow, requireOrder, toCursor, toPage } from '../paging';
import type { RowKey } from '../row-loader';
import { DirectoryStore } from './store';
import { Clinic } from './types';

const clinics = connectionTypes('Clinic', Clinic, 'clinics');

/** A page of clinics. */
@ObjectType({ description: 'A page of clinics, by name.' })
export class ClinicConnection extends clinics.ConnectionBase {}

/** Clinics, and everything that has a global id. */
@Resolver()
export class DirectoryResolver {
  @Query(() => ClinicConnection, {
    nullable: true,
    description: 'The clinics that the viewer reaches, by name: their own; for support, every clinic.',
  })
  async clinics(
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: RequestContext,
  ): Promise<ClinicConnection> {
    const window = pageWindow(page);
    requireOrder(window, 'NAME', () => true);
    const rows = await new DirectoryStore(context.statements).clinicPage(context.signedInViewer, window);
    return toPage(rows, window, (row) => toCursor({ order: 'NAME', value: row.name, id: row.id }));
  }

  @Query(() => NodeInterface, {
    nullable: true,
    description:
      'Whatever has this id, if the viewer may see it. Null for anything else, whether it exists or not.',
  })
  async node(
    @Arg('id', () => ID, { description: 'The id of a node.' }) id: string,
    @Ctx() context: RequestContext,
  ): Promise<NodeInterface | null> {
    const ref = fromGlobalId(id);
    if (ref === null || !reachesClinic(context.signedInViewer, ref.clinicId)) return null;
    const { loaders } = context;
    const read: Readonly<Record<NodeType, { load(key: RowKey): Promise<NodeInterface | null> }>> = {
      Clinic: loaders.clinics,
      User: loaders.users,
      Group: loaders.groups,
      Patient: loaders.patients,
      Visit: loaders.visits,
      Encounter: loaders.encounters,
      Payer: loaders.payers,
      Bill: {
        load: async (key) => {
          const bill = await loaders.bills.load(key);
          if (bill !== null) context.audit.viewed('node', viewOfBill(bill));
          return bill;
        },
      },
    };
    const row = await read[ref.type].load(ref);
    return row && Object.assign(row, { nodeType: ref.type });
  }
}
