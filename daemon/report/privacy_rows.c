#include "report/privacy_rows.h"

static bool is_on_disk(const struct privacy *p)
{
    return strcmp(p->arena_fs, "tmpfs") != 0;
}

static bool is_in_memory(const struct privacy *p)
{
    return !is_on_disk(p);
}

static bool has_sqlite(const struct privacy *p)
{
    return p->sqlite;
}

static bool has_redis(const struct privacy *p)
{
    return p->redis;
}

static bool has_no_store(const struct privacy *p)
{
    return !p->sqlite && !p->redis;
}

static const struct settings *settings(const struct privacy *p)
{
    return &registry_config(p->registry)->settings;
}

static bool has_limits(const struct privacy *p)
{
    return privacy_limit_kept_s(p) > 0;
}

static bool has_writers(const struct privacy *p)
{
    return settings(p)->writers[0] != '\0';
}

static bool has_countries(const struct privacy *p)
{
    return p->countries;
}

static bool has_networks(const struct privacy *p)
{
    return p->networks;
}

static bool has_logs(const struct privacy *p)
{
    for (size_t i = 0; i < registry_limit(p->registry); i++) {
        const struct site *s = registry_at(p->registry, i);

        if (s != NULL && privacy_site_config(s)->source == SOURCE_LOGS)
            return true;
    }
    return false;
}

static bool folds(const struct privacy *p)
{
    return privacy_min_visitors(p).most > 0;
}

static bool shows_all_somewhere(const struct privacy *p)
{
    return privacy_min_visitors(p).least == 0;
}

static bool shares_keys(const struct privacy *p)
{
    return p->redis && p->keys_shared;
}

/* clang-format off */
static const struct privacy_row rows[] = {
    {PRIVACY_NEVER, "address", NULL,
     {[LANGUAGE_EN] = "Your address on the network (IP). It serves for a moment to work out what is said below; two seconds after your connection has ended it is nowhere in memory.",
      [LANGUAGE_VI] = "Địa chỉ mạng (IP) của bạn. Nó chỉ được dùng trong chốc lát để tính những gì nói ở dưới; hai giây sau khi kết nối kết thúc, nó không còn ở đâu trong bộ nhớ.",
      [LANGUAGE_KM] = "អាសយដ្ឋានបណ្ដាញ (IP) របស់អ្នក។ វាត្រូវបានប្រើតែមួយភ្លែត ដើម្បីគណនាអ្វីដែលនិយាយខាងក្រោម។ ពីរវិនាទីបន្ទាប់ពីការតភ្ជាប់បានបញ្ចប់ វាមិននៅកន្លែងណាក្នុងអង្គចងចាំទៀតទេ។"}, {NULL}},
    {PRIVACY_NEVER, "agent", NULL,
     {[LANGUAGE_EN] = "The whole of what your browser calls itself (User-Agent). Its name and first version number, as in Chrome 126, its system and kind of device are counted; the rest serves for the same moment and is forgotten with the address.",
      [LANGUAGE_VI] = "Toàn bộ tên mà trình duyệt tự xưng (User-Agent). Chỉ tên và số phiên bản đầu, như Chrome 126, hệ điều hành và loại thiết bị được đếm; phần còn lại chỉ được dùng trong chốc lát đó và bị xoá cùng với địa chỉ.",
      [LANGUAGE_KM] = "ឈ្មោះទាំងមូលដែលកម្មវិធីរុករករបស់អ្នកហៅខ្លួនឯង (User-Agent)។ មានតែឈ្មោះ និងលេខកំណែដំបូង ដូចជា Chrome 126 ប្រព័ន្ធប្រតិបត្តិការ និងប្រភេទឧបករណ៍ ត្រូវបានរាប់។ អ្វីដែលនៅសល់ត្រូវបានប្រើក្នុងភ្លែតដដែល ហើយត្រូវបានបំភ្លេចជាមួយអាសយដ្ឋាន។"}, {NULL}},
    {PRIVACY_NEVER, "referrer_path", NULL,
     {[LANGUAGE_EN] = "Which page of another site you came from, and what you searched for there. Only that site's name is counted.",
      [LANGUAGE_VI] = "Bạn đến từ trang nào của một website khác, và đã tìm gì ở đó. Chỉ tên của website đó được đếm.",
      [LANGUAGE_KM] = "អ្នកមកពីទំព័រណានៃគេហទំព័រផ្សេង និងអ្វីដែលអ្នកបានស្វែងរកនៅទីនោះ។ មានតែឈ្មោះគេហទំព័រនោះប៉ុណ្ណោះ ដែលត្រូវបានរាប់។"}, {NULL}},
    {PRIVACY_NEVER, "log_lines", has_logs,
     {[LANGUAGE_EN] = "Lines of web servers' logs. Some sites here are counted by them: they are read as requests are, and forgotten as they are.",
      [LANGUAGE_VI] = "Các dòng nhật ký của máy chủ web. Một số trang ở đây được đếm qua chúng: chúng được đọc như các yêu cầu và bị xoá như vậy.",
      [LANGUAGE_KM] = "បន្ទាត់កំណត់ហេតុនៃម៉ាស៊ីនមេគេហទំព័រ។ គេហទំព័រខ្លះនៅទីនេះត្រូវបានរាប់តាមវា៖ វាត្រូវបានអានដូចសំណើ ហើយត្រូវបានបំភ្លេចដូចគ្នា។"}, {NULL}},
    {PRIVACY_NEVER, "cookie", NULL,
     {[LANGUAGE_EN] = "Cookies. Nothing is stored on your device but your wish not to be counted, if you say so: see below.",
      [LANGUAGE_VI] = "Cookie. Không có gì được lưu trên thiết bị của bạn, trừ ý muốn không được đếm, nếu bạn nói ra: xem bên dưới.",
      [LANGUAGE_KM] = "ខូគី។ គ្មានអ្វីត្រូវបានរក្សាទុកនៅលើឧបករណ៍របស់អ្នកឡើយ លើកលែងតែបំណងមិនចង់ឱ្យរាប់ បើអ្នកបានប្រាប់៖ មើលខាងក្រោម។"}, {NULL}},
    {PRIVACY_NEVER, "history", NULL,
     {[LANGUAGE_EN] = "Which pages you, or any one visitor, have viewed.",
      [LANGUAGE_VI] = "Bạn, hay bất kỳ một người nào, đã xem những trang nào.",
      [LANGUAGE_KM] = "ទំព័រណាខ្លះដែលអ្នក ឬអ្នកទស្សនាណាម្នាក់ បានមើល។"}, {NULL}},
    {PRIVACY_NEVER, "others", NULL,
     {[LANGUAGE_EN] = "Nothing about you is sent to another company or service.",
      [LANGUAGE_VI] = "Không có gì về bạn được gửi cho công ty hay dịch vụ nào khác.",
      [LANGUAGE_KM] = "គ្មានអ្វីអំពីអ្នកត្រូវបានផ្ញើទៅក្រុមហ៊ុន ឬសេវាកម្មផ្សេងឡើយ។"}, {NULL}},

    {PRIVACY_MARK, "mark", NULL,
     {[LANGUAGE_EN] = "So that a person counts once, a number of 44 bits is computed from the site, your address (of IPv6 its first half) and your browser's name, with a secret key. Without the key it says nothing, and nothing can be read back from it.",
      [LANGUAGE_VI] = "Để mỗi người chỉ được đếm một lần, một số 44 bit được tính từ trang web, địa chỉ của bạn (với IPv6 là nửa đầu) và tên trình duyệt, bằng một khoá bí mật. Không có khoá thì số đó không nói lên điều gì, và không thể suy ngược lại từ nó.",
      [LANGUAGE_KM] = "ដើម្បីឱ្យមនុស្សម្នាក់ត្រូវបានរាប់តែម្ដង លេខ 44 ប៊ីតមួយត្រូវបានគណនាពីគេហទំព័រ អាសយដ្ឋានរបស់អ្នក (IPv6 តែពាក់កណ្ដាលដំបូង) និងឈ្មោះកម្មវិធីរុករក ដោយប្រើសោសម្ងាត់មួយ។ បើគ្មានសោ លេខនេះគ្មានន័យអ្វីទេ ហើយមិនអាចអានត្រឡប់វិញបានឡើយ។"}, {NULL}},
    {PRIVACY_MARK, "erased", NULL,
     {[LANGUAGE_EN] = "When a key's time is over, the key and all marks made with it are erased. From then on nobody can tell who was here, not even the operator.",
      [LANGUAGE_VI] = "Khi khoá hết hạn, khoá và mọi dấu hiệu tạo bằng nó bị xoá. Từ lúc đó không ai biết được ai đã vào đây, kể cả người vận hành.",
      [LANGUAGE_KM] = "ពេលសោអស់សុពលភាព សោ និងសញ្ញាទាំងអស់ដែលបានបង្កើតដោយវា ត្រូវបានលុប។ ចាប់ពីពេលនោះ គ្មាននរណាអាចដឹងថានរណាធ្លាប់មកទីនេះឡើយ សូម្បីតែអ្នកថែទាំប្រព័ន្ធ។"}, {NULL}},

    {PRIVACY_KEPT, "marks", NULL,
     {[LANGUAGE_EN] = "Marks, when each was last seen, and whether that visit had a second view.",
      [LANGUAGE_VI] = "Dấu hiệu, lần cuối thấy mỗi dấu hiệu, và lần truy cập đó có lượt xem thứ hai hay không.",
      [LANGUAGE_KM] = "សញ្ញា ពេលចុងក្រោយដែលឃើញសញ្ញានីមួយៗ និងថាតើការចូលមើលនោះមានការមើលទីពីរឬទេ។"},
     {[LANGUAGE_EN] = "until their key is erased: see the table of sites",
      [LANGUAGE_VI] = "đến khi khoá của chúng bị xoá: xem bảng các trang",
      [LANGUAGE_KM] = "រហូតដល់សោរបស់វាត្រូវបានលុប៖ មើលតារាងគេហទំព័រ"}},
    {PRIVACY_KEPT, "quarters", NULL,
     {[LANGUAGE_EN] = "How many views and visits there were in each quarter of an hour.",
      [LANGUAGE_VI] = "Số lượt xem và lượt truy cập trong mỗi 15 phút.",
      [LANGUAGE_KM] = "ចំនួនការមើល និងការចូលមើលក្នុងរយៈពេល 15 នាទីនីមួយៗ។"},
     {[LANGUAGE_EN] = "36 days on which luotd ran",
      [LANGUAGE_VI] = "36 ngày luotd hoạt động",
      [LANGUAGE_KM] = "36 ថ្ងៃដែល luotd ដំណើរការ"}},
    {PRIVACY_KEPT, "sketches", NULL,
     {[LANGUAGE_EN] = "A summary of each day, from which only the number of visitors can be told.",
      [LANGUAGE_VI] = "Bản tóm tắt mỗi ngày, từ đó chỉ tính được số khách.",
      [LANGUAGE_KM] = "សេចក្ដីសង្ខេបនៃថ្ងៃនីមួយៗ ដែលអាចប្រាប់បានតែចំនួនអ្នកទស្សនាប៉ុណ្ណោះ។"},
     {[LANGUAGE_EN] = "62 days on which luotd ran",
      [LANGUAGE_VI] = "62 ngày luotd hoạt động",
      [LANGUAGE_KM] = "62 ថ្ងៃដែល luotd ដំណើរការ"}},
    {PRIVACY_KEPT, "totals", NULL,
     {[LANGUAGE_EN] = "How many views, visits and visitors there were in each day, week and month, and how many visits had one view only.",
      [LANGUAGE_VI] = "Số lượt xem, lượt truy cập và khách trong mỗi ngày, tuần và tháng, và bao nhiêu lượt truy cập chỉ có một lượt xem.",
      [LANGUAGE_KM] = "ចំនួនការមើល ការចូលមើល និងអ្នកទស្សនា ក្នុងថ្ងៃ សប្ដាហ៍ និងខែនីមួយៗ និងចំនួនការចូលមើលដែលមានការមើលតែមួយ។"},
     {[LANGUAGE_EN] = "for ever", [LANGUAGE_VI] = "mãi mãi", [LANGUAGE_KM] = "ជារៀងរហូត"}},
    {PRIVACY_KEPT, "log", NULL,
     {[LANGUAGE_EN] = "luotd's log: starts, faults and what operators did. It has no visitor's address and no browser's name.",
      [LANGUAGE_VI] = "Nhật ký của luotd: khởi động, lỗi và việc người vận hành làm. Không có địa chỉ hay tên trình duyệt của khách.",
      [LANGUAGE_KM] = "កំណត់ហេតុរបស់ luotd៖ ការចាប់ផ្ដើម កំហុស និងអ្វីដែលអ្នកថែទាំបានធ្វើ។ វាគ្មានអាសយដ្ឋាន ឬឈ្មោះកម្មវិធីរុករករបស់អ្នកទស្សនាទេ។"},
     {[LANGUAGE_EN] = "as long as the server keeps its logs",
      [LANGUAGE_VI] = "theo thời hạn lưu nhật ký của máy chủ",
      [LANGUAGE_KM] = "តាមរយៈពេលដែលម៉ាស៊ីនមេរក្សាទុកកំណត់ហេតុ"}},
    {PRIVACY_KEPT, "audit", NULL,
     {[LANGUAGE_EN] = "Which operator changed what, and when.",
      [LANGUAGE_VI] = "Người vận hành nào đã đổi gì, khi nào.",
      [LANGUAGE_KM] = "អ្នកថែទាំណាបានផ្លាស់ប្ដូរអ្វី និងនៅពេលណា។"},
     {[LANGUAGE_EN] = "for ever", [LANGUAGE_VI] = "mãi mãi", [LANGUAGE_KM] = "ជារៀងរហូត"}},
    {PRIVACY_KEPT, "pages", NULL,
     {[LANGUAGE_EN] = "How often each page was viewed. What stands behind ? in its address is dropped, but for words that the site has chosen.",
      [LANGUAGE_VI] = "Mỗi trang đã được xem bao nhiêu lần. Phần sau dấu ? trong địa chỉ của nó bị bỏ, trừ những từ mà trang web đã chọn.",
      [LANGUAGE_KM] = "ទំព័រនីមួយៗត្រូវបានមើលប៉ុន្មានដង។ ផ្នែកក្រោយសញ្ញា ? នៃអាសយដ្ឋានរបស់វាត្រូវបានលុបចោល លើកលែងតែពាក្យដែលគេហទំព័របានជ្រើសរើស។"},
     {[LANGUAGE_EN] = "for ever", [LANGUAGE_VI] = "mãi mãi", [LANGUAGE_KM] = "ជារៀងរហូត"}},
    {PRIVACY_KEPT, "tops", NULL,
     {[LANGUAGE_EN] = "Of each day lists, the first 100 of each and the sum of the others: pages, where visits began, sites that visitors came from, campaigns, browsers, systems, kinds of device, languages, widths of screens, events, missing pages, downloads, robots; with how many views and visitors each had. The lists stand apart: none says which browser read which page.",
      [LANGUAGE_VI] = "Của mỗi ngày các danh sách, 100 mục đầu và tổng phần còn lại: trang, trang bắt đầu lượt truy cập, website mà khách từ đó đến, chiến dịch, trình duyệt, hệ điều hành, loại thiết bị, ngôn ngữ, bề rộng màn hình, sự kiện, trang không có, tệp tải về, robot; với số lượt xem và số khách của mỗi mục. Các danh sách tách rời nhau: không danh sách nào cho biết trình duyệt nào đã đọc trang nào.",
      [LANGUAGE_KM] = "បញ្ជីនៃថ្ងៃនីមួយៗ 100 មុខដំបូង និងផលបូកនៃអ្វីដែលនៅសល់៖ ទំព័រ ទំព័រចាប់ផ្ដើម គេហទំព័រដែលនាំអ្នកទស្សនាមក យុទ្ធនាការ កម្មវិធីរុករក ប្រព័ន្ធប្រតិបត្តិការ ប្រភេទឧបករណ៍ ភាសា ទទឹងអេក្រង់ ព្រឹត្តិការណ៍ ទំព័រដែលរកមិនឃើញ ឯកសារទាញយក រ៉ូបូត ជាមួយចំនួនការមើល និងអ្នកទស្សនានៃមុខនីមួយៗ។ បញ្ជីទាំងនេះនៅដាច់ពីគ្នា៖ គ្មានបញ្ជីណាប្រាប់ថាកម្មវិធីរុករកណាបានអានទំព័រណាឡើយ។"},
     {[LANGUAGE_EN] = "{tops}", [LANGUAGE_VI] = "{tops}", [LANGUAGE_KM] = "{tops}"}},
    {PRIVACY_KEPT, "countries", has_countries,
     {[LANGUAGE_EN] = "Such a list of countries, and of regions where they are known. A file on this server is asked; nobody else learns your address.",
      [LANGUAGE_VI] = "Danh sách như vậy của các quốc gia, và của các vùng nếu biết. Chỉ tra một tệp trên máy chủ này; không ai khác biết địa chỉ của bạn.",
      [LANGUAGE_KM] = "បញ្ជីបែបនេះនៃប្រទេស និងនៃតំបន់បើដឹង។ វាសួរតែឯកសារមួយនៅលើម៉ាស៊ីនមេនេះ គ្មាននរណាផ្សេងដឹងអាសយដ្ឋានរបស់អ្នកឡើយ។"},
     {[LANGUAGE_EN] = "{tops}", [LANGUAGE_VI] = "{tops}", [LANGUAGE_KM] = "{tops}"}},
    {PRIVACY_KEPT, "networks", has_networks,
     {[LANGUAGE_EN] = "Such a list of networks to which the operator has given names.",
      [LANGUAGE_VI] = "Danh sách như vậy của các mạng mà người vận hành đã đặt tên.",
      [LANGUAGE_KM] = "បញ្ជីបែបនេះនៃបណ្ដាញដែលអ្នកថែទាំបានដាក់ឈ្មោះ។"},
     {[LANGUAGE_EN] = "{tops}", [LANGUAGE_VI] = "{tops}", [LANGUAGE_KM] = "{tops}"}},
    {PRIVACY_KEPT, "imported", has_sqlite,
     {[LANGUAGE_EN] = "Of web servers' logs from before, where the operator has them read: such lists of the days in them, of pages, sites that visitors came from, browsers and the like. The lines themselves are not kept.",
      [LANGUAGE_VI] = "Với nhật ký cũ của máy chủ web, nếu người vận hành cho đọc vào: những danh sách như vậy của các ngày trong đó, gồm trang, website mà khách từ đó đến, trình duyệt và những mục tương tự. Bản thân các dòng nhật ký không được lưu.",
      [LANGUAGE_KM] = "នៃកំណត់ហេតុចាស់របស់ម៉ាស៊ីនមេគេហទំព័រ បើអ្នកថែទាំបានបញ្ចូល៖ បញ្ជីបែបនេះនៃថ្ងៃក្នុងនោះ គឺទំព័រ គេហទំព័រដែលនាំអ្នកទស្សនាមក កម្មវិធីរុករក និងអ្វីស្រដៀងគ្នា។ បន្ទាត់កំណត់ហេតុផ្ទាល់មិនត្រូវបានរក្សាទុកទេ។"},
     {[LANGUAGE_EN] = "{tops}", [LANGUAGE_VI] = "{tops}", [LANGUAGE_KM] = "{tops}"}},
    {PRIVACY_KEPT, "limits", has_limits,
     {[LANGUAGE_EN] = "So that nobody makes numbers up: how often an address came of late, under a hash of it (of IPv6 of its first half) whose key is in memory only.",
      [LANGUAGE_VI] = "Để không ai làm giả con số: gần đây một địa chỉ đã đến bao nhiêu lần, dưới một mã băm của nó (với IPv6 là của nửa đầu) mà khoá chỉ nằm trong bộ nhớ.",
      [LANGUAGE_KM] = "ដើម្បីកុំឱ្យនរណាក្លែងលេខ៖ អាសយដ្ឋានមួយបានមកប៉ុន្មានដងថ្មីៗនេះ ក្រោមលេខកូដ (hash) របស់វា (IPv6 តែពាក់កណ្ដាលដំបូង) ដែលសោរបស់វាស្ថិតតែក្នុងអង្គចងចាំ។"},
     {[LANGUAGE_EN] = "in memory only, at most {limit}",
      [LANGUAGE_VI] = "chỉ trong bộ nhớ, lâu nhất {limit}",
      [LANGUAGE_KM] = "តែក្នុងអង្គចងចាំ យ៉ាងយូរ {limit}"}},
    {PRIVACY_KEPT, "caches", NULL,
     {[LANGUAGE_EN] = "So that the same is not worked out again: what a browser's name or a page's address came to, under a hash of it whose key is in memory only; sites that visitors came from; and, for at most a quarter of an hour, the marks of those who were just here.",
      [LANGUAGE_VI] = "Để không phải tính lại cùng một điều: tên của một trình duyệt hay địa chỉ của một trang cho ra kết quả gì, dưới một mã băm của nó mà khoá chỉ nằm trong bộ nhớ; những website mà khách từ đó đến; và, lâu nhất 15 phút, dấu hiệu của những người vừa vào đây.",
      [LANGUAGE_KM] = "ដើម្បីកុំឱ្យគណនារឿងដដែលម្ដងទៀត៖ លទ្ធផលនៃឈ្មោះកម្មវិធីរុករក ឬនៃអាសយដ្ឋានទំព័រ ក្រោមលេខកូដ (hash) របស់វាដែលសោរបស់វាស្ថិតតែក្នុងអង្គចងចាំ គេហទំព័រដែលនាំអ្នកទស្សនាមក និង យ៉ាងយូរ 15 នាទី សញ្ញារបស់អ្នកដែលទើបតែមកទីនេះ។"},
     {[LANGUAGE_EN] = "in memory only, at most a day",
      [LANGUAGE_VI] = "chỉ trong bộ nhớ, lâu nhất một ngày",
      [LANGUAGE_KM] = "តែក្នុងអង្គចងចាំ យ៉ាងយូរមួយថ្ងៃ"}},
    {PRIVACY_KEPT, "refused", NULL,
     {[LANGUAGE_EN] = "How many lines were not counted, and why: robots, forgeries, what came too often.",
      [LANGUAGE_VI] = "Có bao nhiêu dòng không được đếm, và vì sao: robot, giả mạo, đến quá nhiều lần.",
      [LANGUAGE_KM] = "ចំនួនបន្ទាត់ដែលមិនត្រូវបានរាប់ និងមូលហេតុ៖ រ៉ូបូត ការក្លែងបន្លំ អ្វីដែលមកញឹកពេក។"},
     {[LANGUAGE_EN] = "in memory only, until the server is switched off",
      [LANGUAGE_VI] = "chỉ trong bộ nhớ, đến khi tắt máy chủ",
      [LANGUAGE_KM] = "តែក្នុងអង្គចងចាំ រហូតដល់បិទម៉ាស៊ីនមេ"}},
    {PRIVACY_KEPT, "signed", has_writers,
     {[LANGUAGE_EN] = "Of programs that send signed lines, not of visitors: which of the last 128 messages of each came, and when the last one did.",
      [LANGUAGE_VI] = "Của các chương trình gửi dòng có chữ ký, không phải của khách: những thông điệp nào trong 128 thông điệp cuối của mỗi chương trình đã đến, và thông điệp cuối đến khi nào.",
      [LANGUAGE_KM] = "នៃកម្មវិធីដែលផ្ញើបន្ទាត់មានហត្ថលេខា មិនមែននៃអ្នកទស្សនាទេ៖ សារណាខ្លះក្នុងចំណោម 128 ចុងក្រោយរបស់វានីមួយៗបានមកដល់ និងពេលដែលសារចុងក្រោយមកដល់។"},
     {[LANGUAGE_EN] = "in memory only, until the server is switched off",
      [LANGUAGE_VI] = "chỉ trong bộ nhớ, đến khi tắt máy chủ",
      [LANGUAGE_KM] = "តែក្នុងអង្គចងចាំ រហូតដល់បិទម៉ាស៊ីនមេ"}},

    {PRIVACY_PLACE, "memory", is_in_memory,
     {[LANGUAGE_EN] = "Keys and marks are in the server's memory only and go when it is switched off. (A server short of memory may swap.)",
      [LANGUAGE_VI] = "Khoá và dấu hiệu chỉ nằm trong bộ nhớ của máy chủ và mất khi tắt máy. (Máy chủ thiếu bộ nhớ có thể dùng vùng hoán đổi.)",
      [LANGUAGE_KM] = "សោ និងសញ្ញាស្ថិតតែក្នុងអង្គចងចាំរបស់ម៉ាស៊ីនមេ ហើយបាត់ពេលបិទម៉ាស៊ីន។ (ម៉ាស៊ីនមេដែលខ្វះអង្គចងចាំ អាចប្រើទំហំប្ដូរ (swap)។)"}, {NULL}},
    {PRIVACY_PLACE, "disk", is_on_disk,
     {[LANGUAGE_EN] = "Keys and marks are in a file that does not lie in memory but on a disk, because of how this server is set up. What is erased there may be recoverable; its operator should let run_dir be on a tmpfs.",
      [LANGUAGE_VI] = "Khoá và dấu hiệu nằm trong một tệp trên đĩa, không phải trong bộ nhớ, do cách cài đặt máy chủ này. Thứ đã xoá trên đĩa có thể khôi phục được; người vận hành nên đặt run_dir trên tmpfs.",
      [LANGUAGE_KM] = "សោ និងសញ្ញាស្ថិតក្នុងឯកសារនៅលើថាស មិនមែនក្នុងអង្គចងចាំទេ ដោយសាររបៀបរៀបចំម៉ាស៊ីនមេនេះ។ អ្វីដែលបានលុបនៅទីនោះ អាចយកមកវិញបាន។ អ្នកថែទាំគួរដាក់ run_dir នៅលើ tmpfs។"}, {NULL}},
    {PRIVACY_PLACE, "sqlite", has_sqlite,
     {[LANGUAGE_EN] = "Numbers and summaries are in a database file on this server (SQLite).",
      [LANGUAGE_VI] = "Các con số và bản tóm tắt nằm trong một tệp cơ sở dữ liệu trên máy chủ này (SQLite).",
      [LANGUAGE_KM] = "លេខ និងសេចក្ដីសង្ខេប ស្ថិតក្នុងឯកសារមូលដ្ឋានទិន្នន័យនៅលើម៉ាស៊ីនមេនេះ (SQLite)។"}, {NULL}},
    {PRIVACY_PLACE, "redis", has_redis,
     {[LANGUAGE_EN] = "Numbers and summaries are in a Redis server of the operator. Servers that count together also leave there, for at most 26 hours, up to 1,500 marks of a site, never its key.",
      [LANGUAGE_VI] = "Các con số và bản tóm tắt nằm trong một máy chủ Redis của người vận hành. Các máy chủ cùng đếm còn để ở đó, lâu nhất 26 giờ, đến 1.500 dấu hiệu của mỗi trang, không bao giờ có khoá.",
      [LANGUAGE_KM] = "លេខ និងសេចក្ដីសង្ខេប ស្ថិតក្នុងម៉ាស៊ីនមេ Redis របស់អ្នកថែទាំ។ ម៉ាស៊ីនមេដែលរាប់ជាមួយគ្នា ក៏ដាក់នៅទីនោះ យ៉ាងយូរ 26 ម៉ោង សញ្ញារហូតដល់ 1.500 នៃគេហទំព័រនីមួយៗ ប៉ុន្តែមិនដាក់សោទេ។"}, {NULL}},
    {PRIVACY_PLACE, "shared_key", shares_keys,
     {[LANGUAGE_EN] = "Servers that count together have one key, made from a secret that each of them holds and a random number in Redis that is erased too.",
      [LANGUAGE_VI] = "Các máy chủ cùng đếm có chung một khoá, tạo từ một bí mật mà mỗi máy giữ và một số ngẫu nhiên trong Redis, số này cũng bị xoá.",
      [LANGUAGE_KM] = "ម៉ាស៊ីនមេដែលរាប់ជាមួយគ្នា មានសោរួមតែមួយ ដែលបង្កើតពីអាថ៌កំបាំងដែលម៉ាស៊ីននីមួយៗរក្សា និងលេខចៃដន្យក្នុង Redis ដែលត្រូវបានលុបដែរ។"}, {NULL}},
    {PRIVACY_PLACE, "nowhere", has_no_store,
     {[LANGUAGE_EN] = "Numbers are in memory only and go when this server is switched off.",
      [LANGUAGE_VI] = "Các con số chỉ nằm trong bộ nhớ và mất khi tắt máy chủ này.",
      [LANGUAGE_KM] = "លេខស្ថិតតែក្នុងអង្គចងចាំ ហើយបាត់ពេលបិទម៉ាស៊ីនមេនេះ។"}, {NULL}},
    {PRIVACY_PLACE, "min_visitors", folds,
     {[LANGUAGE_EN] = "Who may read a site's lists is for the site to say. Where everybody may, countries, regions, sites that visitors came from, browsers, campaigns and events with fewer than {min_visitors} visitors are added up as “other”; the operator sees them apart.",
      [LANGUAGE_VI] = "Ai được đọc các danh sách là do trang web quyết định. Ở nơi mọi người đều được đọc, các quốc gia, vùng, website nguồn, trình duyệt, chiến dịch và sự kiện có ít hơn {min_visitors} khách được cộng vào mục “khác”; người vận hành thấy riêng từng mục.",
      [LANGUAGE_KM] = "គេហទំព័រជាអ្នកកំណត់ថានរណាអាចអានបញ្ជី។ កន្លែងដែលមនុស្សគ្រប់គ្នាអាចអាន ប្រទេស តំបន់ គេហទំព័រប្រភព កម្មវិធីរុករក យុទ្ធនាការ និងព្រឹត្តិការណ៍ដែលមានអ្នកទស្សនាតិចជាង {min_visitors} ត្រូវបានបូកចូលជា “ផ្សេងៗ”។ អ្នកថែទាំមើលឃើញវាដាច់ដោយឡែក។"}, {NULL}},
    {PRIVACY_PLACE, "min_visitors_off", shows_all_somewhere,
     {[LANGUAGE_EN] = "Of sites that have 0 in the last column of the table, small numbers are shown as they are.",
      [LANGUAGE_VI] = "Với các trang có số 0 ở cột cuối của bảng, những con số nhỏ được hiện nguyên như vậy.",
      [LANGUAGE_KM] = "នៃគេហទំព័រដែលមាន 0 ក្នុងជួរឈរចុងក្រោយនៃតារាង លេខតូចៗត្រូវបានបង្ហាញដូចដែលវាមាន។"}, {NULL}},
    {PRIVACY_PLACE, "web_server", NULL,
     {[LANGUAGE_EN] = "The portal's own web server may keep logs, with addresses. luot has no part in that; ask who runs the portal.",
      [LANGUAGE_VI] = "Máy chủ web của cổng thông tin có thể giữ nhật ký riêng, có địa chỉ. luot không dính vào việc đó; xin hỏi đơn vị quản lý cổng.",
      [LANGUAGE_KM] = "ម៉ាស៊ីនមេគេហទំព័រផ្ទាល់ អាចរក្សាទុកកំណត់ហេតុដែលមានអាសយដ្ឋាន។ luot មិនពាក់ព័ន្ធនឹងការនោះទេ។ សូមសួរអ្នកគ្រប់គ្រងគេហទំព័រ។"}, {NULL}},

    {PRIVACY_CHOICE, "dnt_gpc", NULL,
     {[LANGUAGE_EN] = "Where your browser says Do Not Track or Global Privacy Control, no mark is computed and you are in no number of visitors. The view counts, in all and in the lists above, as one more.",
      [LANGUAGE_VI] = "Nếu trình duyệt của bạn gửi Do Not Track hoặc Global Privacy Control, không dấu hiệu nào được tính và bạn không có trong số khách nào. Lượt xem vẫn được đếm, trong tổng số và trong các danh sách ở trên, như thêm một.",
      [LANGUAGE_KM] = "បើកម្មវិធីរុករករបស់អ្នកផ្ញើ Do Not Track ឬ Global Privacy Control គ្មានសញ្ញាណាមួយត្រូវបានគណនាឡើយ ហើយអ្នកមិននៅក្នុងចំនួនអ្នកទស្សនាណាមួយទេ។ ការមើលត្រូវបានរាប់ ក្នុងផលបូក និងក្នុងបញ្ជីខាងលើ ថែមមួយ។"}, {NULL}},
    {PRIVACY_CHOICE, "off", NULL,
     {[LANGUAGE_EN] = "Open any page of a portal once with #luot.js#off at the end of its address: from then on this browser is not counted there where the portal counts by luot's script. #luot.js#on takes it back.",
      [LANGUAGE_VI] = "Mở một trang bất kỳ của cổng thông tin một lần với #luot.js#off ở cuối địa chỉ: từ đó trình duyệt này không được đếm ở cổng ấy, nếu cổng đếm bằng tập lệnh của luot. #luot.js#on thì huỷ điều đó.",
      [LANGUAGE_KM] = "បើកទំព័រណាមួយនៃគេហទំព័រម្ដង ដោយបន្ថែម #luot.js#off នៅចុងអាសយដ្ឋាន៖ ចាប់ពីពេលនោះ កម្មវិធីរុករកនេះមិនត្រូវបានរាប់នៅទីនោះទេ បើគេហទំព័ររាប់ដោយស្គ្រីបរបស់ luot។ #luot.js#on លុបចោលវិញ។"}, {NULL}},
};

static const struct privacy_words words[LANGUAGES] = {
    [LANGUAGE_EN] = {
        "What is kept about visitors",
        "luot counts the visits to the portals of this server. This page is written by the program itself, from how it is set up here.",
        {"What is never kept", "How visitors are told apart", "What is kept, and for how long", "Where it is kept", "What you can do"},
        "How long", "Sites of this server", "Site", "A key lasts", "The present key is erased",
        "a month, and 7 days more", "a day, and one day more", "Shown to everybody from so many visitors on", "More sites are not shown here:",
        "Whom to ask", "Ask who runs the portal that you visited."},
    [LANGUAGE_VI] = {
        "Những gì được lưu về khách truy cập",
        "luot đếm lượt truy cập của các cổng thông tin trên máy chủ này. Trang này do chính chương trình viết ra, theo cách nó được cài đặt ở đây.",
        {"Không bao giờ lưu", "Phân biệt khách bằng cách nào", "Lưu những gì, trong bao lâu", "Lưu ở đâu", "Bạn có thể làm gì"},
        "Bao lâu", "Các trang trên máy chủ này", "Trang", "Thời hạn của khoá", "Khoá hiện tại bị xoá lúc",
        "một tháng, thêm 7 ngày", "một ngày, thêm một ngày", "Hiện cho mọi người từ số khách", "Số trang khác không hiện ở đây:",
        "Hỏi ai", "Xin hỏi đơn vị quản lý cổng thông tin bạn đã vào."},
    [LANGUAGE_KM] = {
        "អ្វីដែលត្រូវបានរក្សាទុកអំពីអ្នកទស្សនា",
        "luot រាប់ចំនួនចូលមើលគេហទំព័រនៃម៉ាស៊ីនមេនេះ។ ទំព័រនេះសរសេរដោយកម្មវិធីខ្លួនឯង តាមរបៀបដែលវាត្រូវបានរៀបចំនៅទីនេះ។",
        {"អ្វីដែលមិនដែលរក្សាទុក", "របៀបបែងចែកអ្នកទស្សនា", "អ្វីដែលរក្សាទុក និងរយៈពេល", "កន្លែងរក្សាទុក", "អ្វីដែលអ្នកអាចធ្វើបាន"},
        "រយៈពេល", "គេហទំព័រនៃម៉ាស៊ីនមេនេះ", "គេហទំព័រ", "សុពលភាពសោ", "សោបច្ចុប្បន្នត្រូវលុបនៅ",
        "មួយខែ និងបន្ថែម 7 ថ្ងៃ", "មួយថ្ងៃ និងបន្ថែមមួយថ្ងៃ", "បង្ហាញដល់មនុស្សគ្រប់គ្នាពីចំនួនអ្នកទស្សនា", "គេហទំព័រផ្សេងទៀតដែលមិនបង្ហាញនៅទីនេះ៖",
        "សួរនរណា", "សូមសួរអ្នកគ្រប់គ្រងគេហទំព័រដែលអ្នកបានចូលមើល។"},
};
/* clang-format on */

const struct privacy_row *privacy_rows(size_t *ret_count)
{
    *ret_count = sizeof rows / sizeof rows[0];
    return rows;
}

const struct privacy_words *privacy_words(enum language language)
{
    return &words[language];
}
