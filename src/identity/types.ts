import { Field, ObjectType } from 'type-graphql';
import { PermissionEnum } from '../directory/types';
import { DateTimeScalar } from '../scalars';

/** A session. */
@ObjectType({ description: 'A session: send the token as `Authorization: Bearer <token>`.' })
export class SignInPayload {
  userId!: string;
  clinicId!: string | null;

  @Field(() => String, { description: 'The token. Keep it secret; it ends by itself.' })
  token!: string;

  @Field(() => DateTimeScalar, { description: 'When the token ends.' })
  expiresAt!: Date;
}

/** The one who asks. */
@ObjectType('Viewer', { description: 'The account that this request came from.' })
export class ViewerAccount {
  userId!: string;
  clinicId!: string | null;

  @Field(() => [PermissionEnum], { description: 'The permissions of the account.' })
  permissions!: string[];
}
