import { useGet, useSpaceId } from "~/api/query";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { exact } from "~/text/time";
import { DateTime } from "~/ui/DateTime";
import { Link } from "~/ui/Link";
import { Facts, Section } from "~/ui/Section";

const moment = (at: string | null | undefined) => at && exact(new Date(at));

// Standing says when a trigger is due, what it waits for, and what came of it
// last.
export function Standing({ trigger }: { trigger: string }) {
  const space = useSpaceId();
  const { data } = useGet("/api/{spaceId}/projecttriggers/{id}/status", { id: trigger });
  if (!data || !(data.NextDue || data.WaitsFor || data.LastFired || data.LastResult)) return null;
  return (
    <Section title={t("How it stands")}>
      <Facts
        of={[
          [t("Next due"), moment(data.NextDue)],
          [t("Waits for"), data.WaitsFor],
          [t("Last fired"), data.LastFired && <DateTime at={data.LastFired} className="" />],
          [t("What came of it"), data.LastResult],
          [
            t("It started"),
            (data.LastTaskIds ?? []).length > 0 &&
              (data.LastTaskIds ?? []).map((id, i) => (
                <span key={id}>
                  {i > 0 && ", "}
                  <Link to={to.task(space, id)}>{id}</Link>
                </span>
              )),
          ],
        ]}
      />
    </Section>
  );
}
