// SPDX-License-Identifier: GPL-2.0-or-later
// DropGroup -> Explanation, by rules that are data (tools/explain/rules/*.yaml).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "explain/host_view.h"
#include "model/drop.h"
#include "sys/result.h"

namespace whydrop {

class Explainer {
  public:
    // The built-in rules, then /etc/whydrop/rules.d/*.yaml, then each of dirs: later ones override
    // by id.
    static Result<Explainer> load(const std::vector<std::string> &dirs);

    Explainer(Explainer &&) noexcept;
    Explainer &operator=(Explainer &&) noexcept;
    ~Explainer();

    // Sets group.explanation and group.folded. Never fails: what no rule knows gets a cause_id of
    // its own ("reason.NAME", or "unexplained").
    void explain(DropGroup &group, const HostView &host) const;

  private:
    struct Rules;
    explicit Explainer(std::unique_ptr<Rules> rules);
    std::unique_ptr<Rules> rules_;
};

}  // namespace whydrop
