// The main path of imports, seen through the files of a snapshot.
#include "data/import.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "core/file.h"
#include "core/progress.h"
#include "data/snapshot_files.h"
#include "data/table_reader.h"

namespace klieg::data {
namespace {

namespace fs = std::filesystem;

TEST(Smoke, MovieLens) {
  const char* d = std::getenv("KLIEG_DATA");
  if (!d) GTEST_SKIP();
  auto tmp = core::TemporaryFolder::Make().value();
  SnapshotStore store(tmp.path() / "s");
  for (TableKind kind : {TableKind::kInteractions, TableKind::kTitles}) {
    ImportRequest r;
    r.kind = kind;
    r.files = {fs::path(d) / "ml-latest-small"};
    auto rep = Import(store, r, core::SilentProgress());
    ASSERT_TRUE(rep) << rep.error().message;
    std::cout << rep->rows_read << " " << rep->rows_kept << " " << rep->rows_rejected << "\n";
    for (auto& [k, v] : rep->rejected_by_reason) std::cout << k << v << "\n";
    auto f = VerifySnapshotFiles(store, rep->snapshot);
    ASSERT_TRUE(f) << f.error().message;
    if (kind == TableKind::kInteractions) {
      auto t = ReadInteractionFile(*f, 2);
      ASSERT_TRUE(t) << t.error().message;
      std::cout << t->member_names.size() << " " << t->title_names.size() << " " << t->times[0]
                << " " << t->values[0] << "\n";
    } else {
      auto t = ReadTitleFile(*f);
      ASSERT_TRUE(t) << t.error().message;
      std::cout << t->names[0] << t->years[0] << t->genres[0].size() << "\n";
    }
  }
}

}  // namespace
}  // namespace klieg::data
