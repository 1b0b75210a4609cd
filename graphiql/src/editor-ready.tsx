import { useGraphiQL } from '@graphiql/react';
import { useEffect } from 'react';

/** Tells when GraphiQL's editor, which is loaded after the page, has taken up the text of the open tab. */
export function EditorReady({ onReady }: { readonly onReady: () => void }) {
  const ready = useGraphiQL(({ queryEditor }) => queryEditor !== undefined);
  useEffect(() => {
    if (ready) {
      onReady();
    }
  }, [ready, onReady]);
  return null;
}
