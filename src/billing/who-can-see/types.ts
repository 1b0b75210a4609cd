import { Field, ObjectType } from 'type-graphql';
import { connectionTypes } from '../../paging';
import { BillAccessGround } from '../explain/types';

/** Somebody who may see a bill. */
@ObjectType({ description: 'Somebody who may see a bill, and why.' })
export class BillViewer {
  clinicId!: string;
  providerId!: string;
  aboutClinicId!: string | null;
  aboutUserId!: string;
  name!: string;

  @Field(() => [BillAccessGround], { description: 'Every ground that holds, or held at the instant.' })
  grounds!: BillAccessGround[];
}

const viewers = connectionTypes('BillViewer', BillViewer, 'viewers');

/** A page of those who may see a bill. */
@ObjectType({ description: 'A page of those who may see a bill, by name.' })
export class BillViewerConnection extends viewers.ConnectionBase {
  clinicId!: string;
  providerId!: string;
  readTotal!: () => Promise<number>;
}
