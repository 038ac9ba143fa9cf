// Renders Markdown's tokens as elements, so that nothing in a text can become
// HTML of the page.
import { lexer, type Token, type Tokens } from "marked";
import { Fragment, type ReactNode } from "react";

// safe gives an address that a link may have. Those that begin with ~/ are
// below the portal's root.
export function safe(address: string): string | undefined {
  if (address.startsWith("~/app#")) return address.slice("~/app".length);
  return /^(https?:|mailto:|#|\/)/i.test(address) ? address : undefined;
}

const entities: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };
const plain = (text: string) => text.replace(/&(amp|lt|gt|quot|#39);/g, (e) => entities[e] ?? e);

function all(tokens: Token[] | undefined): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: tokens have no identity and never move
  return tokens?.map((token, i) => <Fragment key={i}>{one(token)}</Fragment>);
}

function table({ header, rows }: Tokens.Table): ReactNode {
  return (
    <table>
      <thead>
        <tr>
          {header.map((cell) => (
            <th key={cell.text}>{all(cell.tokens)}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: as above
          <tr key={i}>
            {row.map((cell, j) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: as above
              <td key={j}>{all(cell.tokens)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function list({ ordered, items }: Tokens.List): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: as above
  const children = items.map((item, i) => <li key={i}>{all(item.tokens)}</li>);
  return ordered ? <ol>{children}</ol> : <ul>{children}</ul>;
}

function link(href: string, children: ReactNode): ReactNode {
  const address = safe(href);
  if (!address) return children;
  const isOutside = /^(https?|mailto):/i.test(address);
  return (
    <a href={address} rel="noreferrer" target={isOutside ? "_blank" : undefined}>
      {children}
    </a>
  );
}

function one(token: Token): ReactNode {
  switch (token.type) {
    case "heading":
      // The page has headings of its own above these.
      return <p className="heading">{all(token.tokens)}</p>;
    case "paragraph":
      return <p>{all(token.tokens)}</p>;
    case "blockquote":
      return <blockquote>{all(token.tokens)}</blockquote>;
    case "list":
      return list(token as Tokens.List);
    case "table":
      return table(token as Tokens.Table);
    case "code":
      return (
        <pre>
          <code>{plain(token.text)}</code>
        </pre>
      );
    case "codespan":
      return <code>{plain(token.text)}</code>;
    case "strong":
      return <strong>{all(token.tokens)}</strong>;
    case "em":
      return <em>{all(token.tokens)}</em>;
    case "del":
      return <del>{all(token.tokens)}</del>;
    case "link":
      return link(token.href, all(token.tokens));
    case "image":
      return link(token.href, plain(token.text || token.href));
    case "br":
      return <br />;
    case "hr":
      return <hr />;
    case "space":
      return null;
    case "text":
    case "escape":
      return token.type === "text" && token.tokens ? all(token.tokens) : plain(token.text);
    default:
      return token.raw;
  }
}

export default function MarkdownTokens({ text }: { text: string }) {
  return all(lexer(text, { gfm: true, breaks: true }));
}
