import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { areas } from "./areas";
import { useQueryWord } from "./navigation";

afterEach(cleanup);

function Field() {
  const [word, setWord] = useQueryWord("q");
  return <input aria-label="Filter" value={word} onChange={(e) => setWord(e.currentTarget.value)} />;
}

async function show(at: string) {
  const history = createMemoryHistory({ initialEntries: [at] });
  const router = createRouter({ routeTree: createRootRoute({ component: Field }), history });
  render(<RouterProvider router={router as never} />);
  return { router, field: (await screen.findByLabelText("Filter")) as HTMLInputElement };
}

test("a field shows what is typed at once, and the address follows", async () => {
  const { router, field } = await show("/?q=web");
  expect(field.value).toBe("web");
  // All before the router has had any time.
  for (const value of ["webs", "websi", "websit"]) {
    fireEvent.change(field, { target: { value } });
    expect(field.value).toBe(value);
  }
  await act(() => router.load());
  expect(field.value).toBe("websit");
  expect(router.state.location.search).toEqual({ q: "websit" });
});

test("a field shows what another address says", async () => {
  const { router, field } = await show("/?q=web");
  await act(() => router.navigate({ to: "/", search: { q: "api" } as never }));
  expect(field.value).toBe("api");
});

test("no two screens or redirects have the same address", () => {
  const paths = areas.flatMap((a) => [...a.screens.map((s) => s.path), ...Object.keys(a.redirects ?? {})]);
  const all = paths.map((path) => path.replace(/\$\w+/g, "$").toLowerCase());
  expect(all.filter((path, i) => all.indexOf(path) !== i)).toEqual([]);
});
