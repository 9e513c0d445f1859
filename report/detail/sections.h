// Sections that the reports of a comparison and of a model share. Internal.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tenbin/evaluation/confusion_matrix.h"
#include "tenbin/plots/curves.h"
#include "tenbin/report/detail/page.h"
#include "tenbin/report/report.h"

namespace tenbin::detail {

using Terms = std::vector<std::pair<std::string, std::string>>;

// The rows of every class, as a table and as a chart.
void class_count_section(Page& page, const std::string& caption, const std::vector<std::string>& classes,
                         const std::vector<std::size_t>& counts);

// The warnings about the table; a sentence if there are none.
void warnings(Page& page, const TableDescription& description);
// Its columns.
void columns(Page& page, const TableDescription& description);

// The curves of models for one class against the others. Precondition: t has rows of the class and of others.
void curves(Page& page, const Array& t, const std::vector<NamedScores>& models,
            const std::vector<std::string>& classes, std::size_t positive);

// The confusion matrix with its caption.
PageChart confusion(const std::string& model, const ConfusionMatrix& matrix,
                    const std::vector<std::string>& classes);

// How to make the result again: the command and the version. `terms` go before them, such as the seed.
void reproduce(Page& page, const std::string& command, const Terms& terms);

// How many classes a chart of a confusion matrix can show.
constexpr std::size_t most_matrix_classes = 60;

}  // namespace tenbin::detail
