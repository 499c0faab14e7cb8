#include "report/box_words.h"

static const struct box_words words[] =
    {
        [LANGUAGE_VI] =
            {
                .heading = {"LƯỢT XEM TRANG", "LƯỢT TRUY CẬP", "KHÁCH TRUY CẬP"},
                .noun = {"Lượt xem trang", "Lượt truy cập", "Số khách"},
                .label = {"Đang online", "Hôm nay", "Hôm qua", "Trong tuần",
                          "Trong tháng", "Tất cả"},
                .rolling_label = "7 ngày qua",
                .online = {"Khách xem trang trong # phút qua",
                           "Khách xem trang trong # giây qua"},
                .period = {"", " từ 0 giờ hôm nay", " cả ngày hôm qua", " từ # tuần này",
                           " từ ngày 1 tháng này", " từ khi bắt đầu đếm"},
                .rolling_period = " trong 7 ngày qua",
                .visit = "; nghỉ # phút rồi xem tiếp là lượt mới",
                .once = {"; mỗi người một lần", "; mỗi người một lần mỗi tháng",
                         "; mỗi người một lần mỗi ngày"},
                .weekday = {"thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu",
                            "thứ Bảy", "Chủ nhật"},
                .page = "Lượt xem",
            },
        [LANGUAGE_EN] =
            {
                .heading = {"PAGE VIEWS", "VISITS", "VISITORS"},
                .noun = {"Page views", "Visits", "Visitors"},
                .label = {"Online now", "Today", "Yesterday", "This week", "This month",
                          "All time"},
                .rolling_label = "Last 7 days",
                .online = {"Visitors who viewed a page in the last # minutes",
                           "Visitors who viewed a page in the last # seconds"},
                .period = {"", " since midnight", " yesterday, all day",
                           " since # of this week", " since the 1st of this month",
                           " since counting began"},
                .rolling_period = " in the last 7 days",
                .visit = "; a new one begins after # minutes without a view",
                .once = {"; each counts once", "; each counts once a month",
                         "; each counts once a day"},
                .weekday = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
                            "Saturday", "Sunday"},
                .page = "Views",
            },
        [LANGUAGE_KM] =
            {
                .heading = {"ចំនួនមើលទំព័រ", "ចំនួនចូលមើល", "អ្នកចូលមើល"},
                .noun = {"ចំនួនមើលទំព័រ", "ចំនួនចូលមើល", "អ្នកចូលមើល"},
                .label = {"កំពុងអនឡាញ", "ថ្ងៃនេះ", "ម្សិលមិញ", "សប្តាហ៍នេះ", "ខែនេះ", "សរុប"},
                .rolling_label = "7 ថ្ងៃចុងក្រោយ",
                .online = {"អ្នកចូលមើលក្នុង # នាទីចុងក្រោយ", "អ្នកចូលមើលក្នុង # វិនាទីចុងក្រោយ"},
                .period = {"", "ចាប់ពីម៉ោង 0 ថ្ងៃនេះ", "ពេញមួយថ្ងៃម្សិលមិញ", "ចាប់ពី#សប្តាហ៍នេះ",
                           "ចាប់ពីថ្ងៃទី 1 ខែនេះ", "តាំងពីដើម"},
                .rolling_period = "ក្នុង 7 ថ្ងៃចុងក្រោយ",
                .visit = "; ឈប់មើល # នាទី រាប់ជាលើកថ្មី",
                .once = {"; ម្នាក់រាប់ម្តង", "; ម្នាក់រាប់ម្តងក្នុងមួយខែ", "; ម្នាក់រាប់ម្តងក្នុងមួយថ្ងៃ"},
                .weekday = {"ថ្ងៃចន្ទ", "ថ្ងៃអង្គារ", "ថ្ងៃពុធ", "ថ្ងៃព្រហស្បតិ៍", "ថ្ងៃសុក្រ",
                            "ថ្ងៃសៅរ៍", "ថ្ងៃអាទិត្យ"},
                .page = "ចំនួនមើល",
            },
};

const struct box_words *box_words(enum language language)
{
    return &words[language];
}
