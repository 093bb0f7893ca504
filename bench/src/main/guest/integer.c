// What InterpreterBenchmark executes: a sieve, a CRC, list reversal and search, a matrix product, a state
// machine and recursion, in the proportions that make each about a sixth of the time. Built by build.sh.
typedef unsigned long u64;
typedef unsigned int u32;
typedef unsigned char u8;

u8 sieve[100000];
__attribute__((noinline)) static int primes(){int n=0;for(int i=0;i<100000;i++)sieve[i]=1;for(int i=2;i<100000;i++)if(sieve[i]){n++;for(int j=i+i;j<100000;j+=i)sieve[j]=0;}return n;}
__attribute__((noinline)) static u32 crc(u8*p,int n){u32 c=~0u;for(int i=0;i<n;i++){c^=p[i];for(int k=0;k<8;k++)c=(c>>1)^(0xEDB88320&-(c&1));}return ~c;}
struct node{struct node*next;int v;}; struct node nodes[1000];
__attribute__((noinline)) static struct node*rev(struct node*h){struct node*p=0;while(h){struct node*n=h->next;h->next=p;p=h;h=n;}return p;}
__attribute__((noinline)) static int find(struct node*h,int v){int n=0;while(h){if(h->v==v)return n;n++;h=h->next;}return -1;}
short A[40][40],B[40][40];int C[40][40];
__attribute__((noinline)) static u32 mat(){u32 s=0;for(int i=0;i<40;i++)for(int j=0;j<40;j++){int t=0;for(int k=0;k<40;k++)t+=A[i][k]*B[k][j];C[i][j]=t;s+=t;}return s;}
__attribute__((noinline)) static int state(const char*s){int st=0,c=0;for(;*s;s++){switch(st){case 0:if(*s>='0'&&*s<='9')st=1;else if(*s=='+'||*s=='-')st=2;else if(*s=='.')st=3;else st=4;break;case 1:if(*s=='.')st=3;else if(*s==',')st=0,c++;break;case 2:if(*s>='0'&&*s<='9')st=1;else st=4;break;case 3:if(*s=='e')st=5;else if(*s==',')st=0,c+=2;break;case 4:if(*s==',')st=0;break;case 5:if(*s==',')st=0,c+=3;break;}}return c;}
__attribute__((noinline)) static int fib(int n){return n<2?n:fib(n-1)+fib(n-2);}
int main() {
  for (int i = 0; i < 1000; i++) {
    nodes[i].next = i < 999 ? &nodes[i + 1] : 0;
    nodes[i].v = i * 7;
  }
  for (int i = 0; i < 40; i++) for (int j = 0; j < 40; j++) A[i][j] = (i * 40 + j) * 3, B[i][j] = (i * 40 + j) ^ 5;
  u64 r = 0;
  struct node *h = nodes;
  for (int k = 0; k < 4; k++) {
    r += primes();
    r = r * 31 + crc(sieve, 20000);
    for (int i = 0; i < 100; i++) {
      h = rev(h);
      r = r * 31 + find(h, (i * 70) % 7000);
    }
    for (int i = 0; i < 8; i++) r = r * 31 + mat();
    for (int i = 0; i < 1000; i++) r = r * 31 + state("12.5,-3,+7.e4,foo,12,.5e3,99,1.1,");
    r += fib(20);
  }
  return (int)(r ^ r >> 32);
}
