/** The machines of the playground's cluster: nodes to add and take away, and what can go wrong with them. Simulated clusters only. */
import { useEffect, useState } from "preact/hooks";
import { list } from "../core/hardships.ts";
import type { Session } from "../core/session.ts";
import { say } from "../page.ts";
import type { Fault, Health } from "../wire/wire.ts";
import { Icon } from "./icon.tsx";

const STATES: readonly Health[] = ["there", "slow", "gone"];

function Choice({ label, state, set }: { label: string; state: Health; set: (state: Health) => void }) {
  return (
    <fieldset class="choice">
      <legend class="sr">{label}</legend>
      {STATES.map((each) => (
        <button
          type="button"
          key={each}
          data-state={each}
          aria-pressed={state === each}
          onClick={() => set(each)}
        >
          {say(`hardship-${each}`)}
        </button>
      ))}
    </fieldset>
  );
}

function Nodes({ session }: { session: Session }) {
  const { nodes } = list(session.objects.value, session.faults.value);
  const set = (fault: Fault) => void session.setFault(fault);
  return (
    <section class="offer" aria-labelledby="nodes">
      <h2 id="nodes">{say("hardship-nodes")}</h2>
      <p>{say("hardship-nodes-more")}</p>
      <ul class="hardships">
        {nodes.map(({ name, state }) => (
          <li key={name}>
            <strong>{name}</strong>
            <Choice label={name} state={state} set={(state) => set({ id: "node", node: name, state })} />
            <button
              type="button"
              class="icon-button"
              aria-label={say("hardship-remove", { node: name })}
              title={say("hardship-remove", { node: name })}
              onClick={() => set({ id: "removeNode", node: name })}
            >
              <Icon name="close" />
            </button>
          </li>
        ))}
      </ul>
      <button type="button" class="button" onClick={() => set({ id: "addNode" })}>
        <Icon name="plus" />
        {say("hardship-add")}
      </button>
    </section>
  );
}

function Trouble({ session }: { session: Session }) {
  const { pods, registry, dns } = list(session.objects.value, session.faults.value);
  const [chosen, choose] = useState("");
  const pod = pods.find((each) => each.key === chosen) ?? pods[0];
  const set = (fault: Fault) => void session.setFault(fault);
  return (
    <section class="offer" aria-labelledby="faults">
      <h2 id="faults">{say("hardship-faults")}</h2>
      <p>{say("hardship-faults-more")}</p>
      <ul class="hardships">
        <li>
          <strong>{say("hardship-registry")}</strong>
          <Choice
            label={say("hardship-registry")}
            state={registry}
            set={(state) => set({ id: "registry", state })}
          />
        </li>
        <li>
          <strong>{say("hardship-dns")}</strong>
          <Choice label={say("hardship-dns")} state={dns} set={(state) => set({ id: "dns", state })} />
        </li>
        {pod && (
          <li>
            <select
              aria-label={say("hardship-pod")}
              value={pod.key}
              onChange={(event) => choose(event.currentTarget.value)}
            >
              {pods.map((each) => (
                <option key={each.key} value={each.key}>
                  {each.key}
                </option>
              ))}
            </select>
            <fieldset class="choice">
              <legend class="sr">{pod.key}</legend>
              <button
                type="button"
                aria-pressed={pod.hangs}
                onClick={() =>
                  set({ id: "hang", namespace: pod.namespace, pod: pod.name, hangs: !pod.hangs })
                }
              >
                {say("hardship-hang")}
              </button>
              <button
                type="button"
                aria-pressed={pod.leaks}
                onClick={() =>
                  set({
                    id: "leak",
                    namespace: pod.namespace,
                    pod: pod.name,
                    rate: pod.leaks ? "0" : "8Mi",
                  })
                }
              >
                {say("hardship-leak")}
              </button>
            </fieldset>
          </li>
        )}
      </ul>
    </section>
  );
}

export function Hardships({ session }: { session: Session }) {
  useEffect(() => {
    session.watchObjects();
    session.watchFaults();
  }, [session]);
  if (session.backend.value !== "sim") return null;
  return (
    <>
      <Nodes session={session} />
      <Trouble session={session} />
    </>
  );
}
