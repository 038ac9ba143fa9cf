import { lazy, Suspense } from "react";
import classes from "./Markdown.module.css";

const Rendered = lazy(() => import("./MarkdownTokens"));

// Markdown shows text that people have written, such as release notes. HTML in
// it stays text.
export function Markdown({ text }: { text: string }) {
  return (
    <div className={classes.text}>
      <Suspense fallback={<p>{text}</p>}>
        <Rendered text={text} />
      </Suspense>
    </div>
  );
}
