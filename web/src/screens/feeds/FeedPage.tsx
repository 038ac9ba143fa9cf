import { Select, TextInput } from "@mantine/core";
import { useGet, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { DocumentForm, type Fields } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { FeedFields } from "./FeedFields";
import { isOwn, kinds, labelOf } from "./kinds";
import { Search } from "./Search";

type Feed = Wire<"Feed">;

const blank = { Id: "", Name: "", FeedType: "NuGet", FeedUri: kinds[0]?.uri } as unknown as Feed;

export default function FeedPage() {
  const id = useParam("feed");
  const isNew = id === "create";
  const feed = useGet("/api/{spaceId}/feeds/{id}", { id }, { enabled: !isNew });
  if (isNew) return <Form feed={blank} />;
  return <Read of={feed}>{(f) => <Form key={f.Id} feed={f} />}</Read>;
}

const why = (f: Feed) => {
  if (!f.Name.trim()) return t("It has no name yet.");
  const kind = kinds.find((k) => k.type === f.FeedType);
  return kind?.uri && !f.FeedUri?.trim() ? t("It has no address yet.") : undefined;
};

function Form({ feed }: { feed: Feed }) {
  const space = useSpaceId();
  return (
    <DocumentForm
      collection="/api/{spaceId}/feeds"
      document={feed}
      name={feed.Name}
      add={t("Add feed")}
      remove={
        isOwn(feed.FeedType)
          ? undefined
          : [t("Delete feed"), t("The server refuses this while a process uses the feed, and says which.")]
      }
      list={{ label: t("Feeds"), to: to.feeds(space) }}
      place={(made) => to.feed(space, made.Id)}
      may={{ edit: "FeedEdit" }}
      beside={feed.Id && <span className="dim">{labelOf(feed.FeedType)}</span>}
      why={why}
    >
      {(fields) => (
        <>
          <Section title={t("Feed")}>
            <div className={form.fields}>
              {fields.isNew && <TypeChoice {...fields} />}
              <TextInput
                label={t("Name")}
                disabled={fields.readOnly || isOwn(feed.FeedType)}
                value={fields.value.Name}
                onChange={(e) => fields.put({ Name: e.currentTarget.value })}
              />
              <FeedFields {...fields} />
            </div>
          </Section>
          {!fields.isNew && <Search feed={feed} />}
        </>
      )}
    </DocumentForm>
  );
}

function TypeChoice({ value, put }: Fields<Feed>) {
  const pick = (type: string) => {
    const known = kinds.some((k) => k.uri === value.FeedUri);
    const next = kinds.find((k) => k.type === type);
    put({ FeedType: type, FeedUri: known || !value.FeedUri ? (next?.uri ?? "") : value.FeedUri });
  };
  return (
    <Select
      label={t("Type")}
      searchable
      allowDeselect={false}
      data={kinds.map((k) => ({ value: k.type, label: k.label }))}
      value={value.FeedType}
      onChange={(type) => type && pick(type)}
    />
  );
}
