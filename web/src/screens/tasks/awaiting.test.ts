import { expect, test } from "vitest";
import type { ActivityNode } from "~/api/stream/events";
import { awaiting } from "./awaiting";

const node = (Id: string, Status: string) => ({ Id, Status }) as ActivityNode;
const nodes = [
  node("ServerTasks-9", "Running"),
  node("ServerTasks-9/1", "Success"),
  node("ServerTasks-9/1@server", "Success"),
  node("ServerTasks-9/3", "Running"),
  node("ServerTasks-9/3@server", "Running"),
  node("ServerTasks-9/3@Machines-1", "Running"),
  node("ServerTasks-9/30", "Running"),
];
const marked = (...questions: string[]) =>
  awaiting(nodes, questions).flatMap((n) => (n.Status === "Awaiting" ? [n.Id] : []));

test("the step that asks waits, and with it what the server does in it", () => {
  expect(marked("ServerTasks-9/3.1@#1")).toEqual(["ServerTasks-9/3", "ServerTasks-9/3@server"]);
});

test("nothing waits where nobody is asked, or what asked has ended", () => {
  expect(marked()).toEqual([]);
  expect(marked("ServerTasks-9/1.1@#1")).toEqual([]);
});
