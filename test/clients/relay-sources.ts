/**
 * The components of a small Relay application, by file name: what is in `graphql` tags is what relay-compiler reads.
 * The screens ask for pages with @connection, and for more of one thing with @refetchable, which by way of `node`
 * works for everything with a global id.
 */
export const RELAY_SOURCES: Readonly<Record<string, string>> = {
  'BillsScreen.js': `
    graphql\`
      query BillsScreenQuery($filter: BillFilter) {
        ...BillsScreen_query @arguments(filter: $filter)
      }
    \`;
    graphql\`
      fragment BillsScreen_query on Query
      @refetchable(queryName: "BillsScreenPaginationQuery")
      @argumentDefinitions(
        count: { type: "Int", defaultValue: 100 }
        cursor: { type: "String" }
        filter: { type: "BillFilter" }
      ) {
        dashboard {
          bills(first: $count, after: $cursor, filter: $filter)
            @connection(key: "BillsScreen_bills", filters: ["filter"]) {
            totalCount
            edges {
              node {
                id
                ...BillCard_bill
              }
            }
          }
        }
      }
    \`;`,
  'BillCard.js': `
    graphql\`
      fragment BillCard_bill on Bill @refetchable(queryName: "BillCardRefetchQuery") {
        number
        total
        status
        provider {
          name
        }
      }
    \`;`,
  'GroupScreen.js': `
    graphql\`
      query GroupScreenQuery($id: ID!) {
        node(id: $id) {
          ...GroupScreen_group @alias(as: "group")
        }
      }
    \`;
    graphql\`
      fragment GroupScreen_group on Group
      @refetchable(queryName: "GroupScreenPaginationQuery")
      @argumentDefinitions(count: { type: "Int", defaultValue: 1 }, cursor: { type: "String" }) {
        id
        name
        members(first: $count, after: $cursor) @connection(key: "GroupScreen_members") {
          edges {
            node {
              id
              name
            }
          }
        }
      }
    \`;
    graphql\`
      mutation GroupScreenRenameMutation($input: RenameGroupInput!) {
        renameGroup(input: $input) {
          group {
            id
            name
          }
        }
      }
    \`;`,
};
